"""How the next token is chosen: the likeliest where nothing else is asked for, else one of llama.cpp's chains.

A chain belongs to one answer. `llama_sampler_sample` also accepts the token, so nothing here accepts it again.
"""

import secrets
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.inference.worker.llama.context import Context
from engines.inference.worker.llama.grammar import Constrained
from engines.inference.worker.llama.model import Model
from records.session import SamplingSettings

PENALIZED_TOKENS = 256
"""How far back penalties look, in tokens of the answer."""
_SEED_BITS = 31


class Sampler(Protocol):
    def sample(self, context: Context, row: int) -> int:
        """The token that follows a row of the batch that was decoded last."""
        ...

    def close(self) -> None: ...


class Greedy:
    """Argmax over the logits where they lie: many times faster than a chain."""

    def sample(self, context: Context, row: int) -> int:
        return int(np.argmax(context.logits(row)))

    def close(self) -> None:
        """Nothing is held."""


class Chain:
    """Draws by a chain, which it owns."""

    def __init__(self, chain: Any) -> None:
        self._chain = chain

    def sample(self, context: Context, row: int) -> int:
        return int(C.llama_sampler_sample(self._chain, context.handle, row))

    def close(self) -> None:
        C.llama_sampler_free(self._chain)


def make_chain(settings: SamplingSettings, vocabulary_size: int) -> Any:
    """Penalties → top-k → top-p → min-p → temperature → draw; what would change nothing is left out."""
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
    """A deterministic answer without a seed has one all the same."""
    if settings.seed is not None:
        return settings.seed & 0xFFFFFFFF
    return 0 if settings.deterministic else secrets.randbits(_SEED_BITS)


def is_greedy(settings: SamplingSettings) -> bool:
    return not settings.temperature or settings.temperature <= 0


def has_penalties(settings: SamplingSettings) -> bool:
    return (settings.repeat_penalty or 1.0) != 1.0 or bool(settings.presence_penalty or settings.frequency_penalty)


def make_sampler(settings: SamplingSettings, model: Model, grammar: str | None = None) -> Sampler:
    """Raises `CallFailure` where llama.cpp cannot read the grammar."""
    if grammar is not None:
        return Constrained(make_chain(settings, model.vocabulary_size), model, grammar)
    if is_greedy(settings) and not has_penalties(settings):
        return Greedy()
    return Chain(make_chain(settings, model.vocabulary_size))
