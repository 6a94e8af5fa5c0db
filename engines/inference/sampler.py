"""How the next token is chosen: the likeliest where nothing else is asked for, else one of llama.cpp's chains.

A chain belongs to one answer. `llama_sampler_sample` also accepts the token, so nothing here accepts it again.
"""

import secrets
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.inference.backend import Context
from records.session import SamplingSettings

PENALIZED_TOKENS = 256
"""How far back penalties look, in tokens of the answer."""
_SEED_BITS = 31


class Sampler(Protocol):
    def sample(self, context: Context) -> int: ...
    def __enter__(self) -> "Sampler": ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Greedy:
    """Argmax over the logits where they lie: many times faster than a chain."""

    def sample(self, context: Context) -> int:
        return int(np.argmax(context.logits()))

    def __enter__(self) -> "Greedy":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Chain:
    """Penalties → top-k → top-p → min-p → temperature → draw; what would change nothing is left out."""

    def __init__(self, settings: SamplingSettings, vocabulary_size: int) -> None:
        self._handle = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
        if has_penalties(settings):
            self._add(
                C.llama_sampler_init_penalties(
                    vocabulary_size,
                    PENALIZED_TOKENS,
                    settings.repeat_penalty or 1.0,
                    settings.frequency_penalty or 0.0,
                    settings.presence_penalty or 0.0,
                )
            )
        if is_greedy(settings):
            self._add(C.llama_sampler_init_greedy())
        else:
            self._add_draw(settings)

    def _add_draw(self, settings: SamplingSettings) -> None:
        assert settings.temperature is not None
        if settings.top_k:
            self._add(C.llama_sampler_init_top_k(settings.top_k))
        if settings.top_p is not None and settings.top_p < 1.0:
            self._add(C.llama_sampler_init_top_p(settings.top_p, 1))
        if settings.min_p:
            self._add(C.llama_sampler_init_min_p(settings.min_p, 1))
        self._add(C.llama_sampler_init_temp(settings.temperature))
        self._add(C.llama_sampler_init_dist(_seed(settings)))

    def _add(self, step: Any) -> None:
        C.llama_sampler_chain_add(self._handle, step)

    def sample(self, context: Context) -> int:
        return int(C.llama_sampler_sample(self._handle, context.handle, -1))

    def __enter__(self) -> "Chain":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        C.llama_sampler_free(self._handle)


def _seed(settings: SamplingSettings) -> int:
    """A deterministic answer without a seed has one all the same."""
    if settings.seed is not None:
        return settings.seed & 0xFFFFFFFF
    return 0 if settings.deterministic else secrets.randbits(_SEED_BITS)


def is_greedy(settings: SamplingSettings) -> bool:
    return not settings.temperature or settings.temperature <= 0


def has_penalties(settings: SamplingSettings) -> bool:
    return (settings.repeat_penalty or 1.0) != 1.0 or bool(settings.presence_penalty or settings.frequency_penalty)


def make_sampler(settings: SamplingSettings, vocabulary_size: int) -> Sampler:
    if is_greedy(settings) and not has_penalties(settings):
        return Greedy()
    return Chain(settings, vocabulary_size)
