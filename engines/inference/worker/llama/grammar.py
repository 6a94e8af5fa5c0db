"""Answers that must be JSON of a given shape: a schema becomes a grammar, and the grammar rules tokens out.

llama.cpp aborts the process when a grammar is told to accept a token that it forbids. So a token is drawn as usual and
shown to the grammar first; only where that refuses are all tokens ruled and drawn from again.
"""

import ctypes
import json
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it
from llama_cpp.llama_grammar import json_schema_to_gbnf

from engines.inference.worker.llama.context import Context
from engines.inference.worker.llama.model import Model
from records.codes import ErrorCode
from workers.child import CallFailure

MOST_SCHEMA = 100_000
"""Characters of a schema."""

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


def compile_schema(schema: str) -> str:
    """A JSON schema as a grammar. Raises `CallFailure` where it cannot be one."""
    if len(schema) > MOST_SCHEMA:
        raise _unreadable(f"it is longer than {MOST_SCHEMA:,} characters")
    try:
        if not isinstance(json.loads(schema), dict):
            raise _unreadable("it is no object")
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
        raise _unreadable(f"{type(error).__name__}: {error}") from error


def _unreadable(why: str) -> CallFailure:
    return CallFailure(ErrorCode.INVALID_INPUT, f"This JSON schema cannot be followed: {why}.")


class Constrained:
    """Draws by `chain`, which it owns, among what the grammar allows."""

    def __init__(self, chain: Any, model: Model, grammar: str) -> None:
        """Raises `CallFailure` where llama.cpp cannot read the grammar."""
        self._chain = chain
        self._grammar = C.llama_sampler_init_grammar(model.vocab, grammar.encode(), b"root")
        if not self._grammar:
            C.llama_sampler_free(chain)
            raise _unreadable("its grammar has no meaning")
        self._candidates = np.zeros(model.vocabulary_size, _CANDIDATE)
        self._model = model

    def sample(self, context: Context, row: int) -> int:
        token = self._draw(context, row, ruled=False)
        if not self._allows(token):
            token = self._draw(context, row, ruled=True)
        if not self._model.ends(token):
            C.llama_sampler_accept(self._grammar, token)
        C.llama_sampler_accept(self._chain, token)
        return token

    def _draw(self, context: Context, row: int, *, ruled: bool) -> int:
        self._candidates["id"] = np.arange(len(self._candidates))
        self._candidates["logit"] = context.logits(row)
        self._candidates["p"] = 0.0
        candidates = _candidates(self._candidates)
        if ruled:
            C.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
            if not np.isfinite(self._candidates["logit"]).any():
                raise CallFailure(ErrorCode.INTERNAL, "The grammar leaves the model no token to go on with.")
        C.llama_sampler_apply(self._chain, ctypes.byref(candidates))
        return int(candidates.data[candidates.selected].id)

    def _allows(self, token: int) -> bool:
        alone = np.array([(token, 1.0, 0.0)], _CANDIDATE)
        candidates = _candidates(alone)
        C.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        return bool(np.isfinite(alone["logit"][0]))

    def close(self) -> None:
        C.llama_sampler_free(self._chain)
        C.llama_sampler_free(self._grammar)


def _candidates(array: np.ndarray) -> C.llama_token_data_array:
    """A view for llama.cpp; the array must outlive it."""
    data = array.ctypes.data_as(C.llama_token_data_p)
    return C.llama_token_data_array(data=data, size=len(array), selected=-1, sorted=False)
