"""Samplers: argmax for greedy answers, llama.cpp's sampler chains for all others.

A sampler belongs to one answer. `llama_sampler_sample` also accepts the token, so the token is not accepted again here.
"""

import secrets
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.inference.worker.llama.grammar import GrammarSampler
from engines.inference.worker.llama.llama_context import Context
from engines.inference.worker.llama.model import Model
from records.session import SamplingSettings

PENALIZED_TOKENS = 256
"""Tokens of the answer that the penalties consider, counted from its end."""
_SEED_BITS = 31


class Sampler(Protocol):
    """Chooses the next token of one answer."""

    def sample(self, context: Context, row: int) -> int:
        """Return the token that follows a row of the last decode."""
        ...

    def close(self) -> None: ...


class GreedySampler:
    """Returns the token with the highest logit. It does not copy the logits, and is many times faster than a chain."""

    def sample(self, context: Context, row: int) -> int:
        return int(np.argmax(context.logits(row)))

    def close(self) -> None:
        """Do nothing: this sampler owns no native resources."""


class ChainSampler:
    """Samples with a sampler chain of llama.cpp, which it owns."""

    def __init__(self, chain: Any) -> None:
        self._chain = chain

    def sample(self, context: Context, row: int) -> int:
        return int(C.llama_sampler_sample(self._chain, context.handle, row))

    def close(self) -> None:
        C.llama_sampler_free(self._chain)


def make_sampler(settings: SamplingSettings, model: Model, grammar: str | None = None) -> Sampler:
    """Create the sampler for an answer. Raises `CallFailure` if llama.cpp rejects the grammar."""
    if grammar is not None:
        return GrammarSampler(make_chain(settings, model.vocabulary_size), model, grammar)
    if is_greedy(settings) and not has_penalties(settings):
        return GreedySampler()
    return ChainSampler(make_chain(settings, model.vocabulary_size))


def make_chain(settings: SamplingSettings, vocabulary_size: int) -> Any:
    """Create a chain of penalties, top-k, top-p, min-p, temperature and draw, without the steps that have no effect."""
    chain = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
    for step in _steps(settings, vocabulary_size):
        C.llama_sampler_chain_add(chain, step)
    return chain


def _steps(settings: SamplingSettings, vocabulary_size: int) -> Iterator[Any]:
    if has_penalties(settings):
        yield C.llama_sampler_init_penalties(
            vocabulary_size,
            PENALIZED_TOKENS,
            settings.repeat_penalty or 1.0,
            settings.frequency_penalty or 0.0,
            settings.presence_penalty or 0.0,
        )
    if is_greedy(settings):
        yield C.llama_sampler_init_greedy()
        return
    if settings.top_k:
        yield C.llama_sampler_init_top_k(settings.top_k)
    if settings.top_p is not None and settings.top_p < 1.0:
        yield C.llama_sampler_init_top_p(settings.top_p, 1)
    if settings.min_p:
        yield C.llama_sampler_init_min_p(settings.min_p, 1)
    yield C.llama_sampler_init_temp(settings.temperature)
    yield C.llama_sampler_init_dist(_seed(settings))


def _seed(settings: SamplingSettings) -> int:
    """Return the seed of the settings. If they have none, return 0 for a deterministic answer, else a random seed."""
    if settings.seed is not None:
        return settings.seed & 0xFFFFFFFF
    return 0 if settings.deterministic else secrets.randbits(_SEED_BITS)


def is_greedy(settings: SamplingSettings) -> bool:
    return not settings.temperature or settings.temperature <= 0


def has_penalties(settings: SamplingSettings) -> bool:
    return (settings.repeat_penalty or 1.0) != 1.0 or bool(settings.presence_penalty or settings.frequency_penalty)
