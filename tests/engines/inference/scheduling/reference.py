"""Prompts, and the texts that the tiny model generates for them when no other sequence is running."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from engines.inference.worker.streaming.text_stream import TextStream
from records.model import LoadRequest
from tests.engines.inference.scheduling.engine_harness import EngineHarness

SMALL = LoadRequest(
    context_length=512,
    batch_size=64,
    threads=1,
    parallel_sequences=4,
    flash_attention=False,
    key_cache_type="f32",
    value_cache_type="f32",
)
"""Settings that compute with 32 bits. With fewer, the order of additions occasionally changes the most likely token."""

LARGE = replace(SMALL, context_length=4096, parallel_sequences=8)
MAX_TOKENS = 250
PREFIX = [5 + index % 250 for index in range(7, 207)]
"""The first 200 tokens of prompts that share a prefix."""


def prompt(common: int, own: int, seed: int = 0) -> list[int]:
    """Return a prompt with `common` tokens of the shared prefix and `own` tokens that depend on the seed."""
    return PREFIX[:common] + [5 + (31 * index + 17 * seed) % 250 for index in range(own)]


@cache
def _pieces(path: Path, tokens: tuple[int, ...], count: int) -> list[bytes]:
    """Return the bytes of the first `count` tokens of the answer to a prompt."""
    harness = EngineHarness(path, LARGE)
    harness.ask(list(tokens), count)
    harness.run()
    pieces = [harness.model.output_bytes(token) for token in harness.completion_tokens.last]
    harness.close()
    return pieces


def generate_alone(path: Path, tokens: list[int], count: int, cached_count: int | None = None) -> str:
    """Return the text of an answer with `count` tokens.

    If `cached_count` is not None, this many tokens are generated once, and later calls use their beginning.
    """
    stream = TextStream()
    pieces = _pieces(path, tuple(tokens), cached_count or count)[:count]
    return "".join(stream.feed(piece).text for piece in pieces) + stream.finish().text
