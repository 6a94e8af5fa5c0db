"""Answers that follow a JSON schema: the schema is compiled to a grammar, which excludes tokens during sampling.

llama.cpp aborts the process if a grammar accepts a token that it excludes. Therefore a token is sampled first and then
checked with the grammar. If the grammar excludes it, the grammar is applied to all tokens, and another token is sampled.
"""

import ctypes
import json
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it
from llama_cpp.llama_grammar import json_schema_to_gbnf

from engines.inference.worker.llama.llama_context import Context
from engines.inference.worker.llama.model import Model
from records.codes import ErrorCode
from workers.child import CallFailure

MAX_SCHEMA_LENGTH = 100_000
"""Maximum length of a JSON schema in characters."""

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""Memory layout of `llama_token_data`."""


def compile_schema(schema: str) -> str:
    """Convert a JSON schema to a grammar in GBNF. Raises `CallFailure` if that is not possible."""
    if len(schema) > MAX_SCHEMA_LENGTH:
        raise _unusable(f"it is longer than {MAX_SCHEMA_LENGTH:,} characters")
    try:
        if not isinstance(json.loads(schema), dict):
            raise _unusable("it is not a JSON object")
        return str(json_schema_to_gbnf(schema))
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        AssertionError,
        NotImplementedError,
        RecursionError,
    ) as error:
        raise _unusable(f"{type(error).__name__}: {error}") from error


def _unusable(reason: str) -> CallFailure:
    return CallFailure(ErrorCode.INVALID_INPUT, f"This JSON schema cannot be used: {reason}.")


class GrammarSampler:
    """Samples from the tokens that the grammar allows. It owns `chain`, the sampler chain that it samples with."""

    def __init__(self, chain: Any, model: Model, grammar: str) -> None:
        """Create the sampler. If llama.cpp rejects the grammar, free `chain` and raise `CallFailure`."""
        self._chain = chain
        self._grammar = C.llama_sampler_init_grammar(model.vocab, grammar.encode(), b"root")
        if not self._grammar:
            C.llama_sampler_free(chain)
            raise _unusable("llama.cpp cannot read its grammar")
        self._candidates = np.zeros(model.vocabulary_size, _CANDIDATE)
        self._model = model

    def sample(self, context: Context, row: int) -> int:
        token = self._draw(context, row, constrained=False)
        if not self._allows(token):
            token = self._draw(context, row, constrained=True)
        if not self._model.is_end(token):
            C.llama_sampler_accept(self._grammar, token)
        C.llama_sampler_accept(self._chain, token)
        return token

    def _draw(self, context: Context, row: int, *, constrained: bool) -> int:
        self._candidates["id"] = np.arange(len(self._candidates))
        self._candidates["logit"] = context.logits(row)
        self._candidates["p"] = 0.0
        candidates = _token_data(self._candidates)
        if constrained:
            C.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
            if not np.isfinite(self._candidates["logit"]).any():
                raise CallFailure(ErrorCode.INTERNAL, "The grammar excludes every token of the model.")
        C.llama_sampler_apply(self._chain, ctypes.byref(candidates))
        return int(candidates.data[candidates.selected].id)

    def _allows(self, token: int) -> bool:
        single = np.array([(token, 1.0, 0.0)], _CANDIDATE)
        candidates = _token_data(single)
        C.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        return bool(np.isfinite(single["logit"][0]))

    def close(self) -> None:
        C.llama_sampler_free(self._chain)
        C.llama_sampler_free(self._grammar)


def _token_data(array: np.ndarray) -> C.llama_token_data_array:
    """Return a view of the array for llama.cpp; the array must live as long as the view."""
    data = array.ctypes.data_as(C.llama_token_data_p)
    return C.llama_token_data_array(data=data, size=len(array), selected=-1, sorted=False)
