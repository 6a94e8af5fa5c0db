"""Prompts, and what the tiny model writes after each with nobody beside it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from engines.inference.worker.text.text_stream import TextStream
from records.model import LoadRequest
from tests.engines.inference.bench import Bench

SMALL = LoadRequest(
    context_length=512,
    batch_size=64,
    threads=1,
    parallel_sequences=4,
    flash_attention=False,
    key_cache_type="f32",
    value_cache_type="f32",
)
"""All in 32 bits: with fewer, the order of summing up would now and then make another token the likeliest."""
LARGE = replace(SMALL, context_length=4096, parallel_sequences=8)
MOST = 250
BEGINNING = [5 + at % 250 for at in range(7, 207)]
"""A prompt's first 200 tokens."""


def prompt(common: int, own: int, seed: int = 0) -> list[int]:
    return BEGINNING[:common] + [5 + (31 * at + 17 * seed) % 250 for at in range(own)]


@cache
def written_alone(path: Path, tokens: tuple[int, ...], count: int) -> list[bytes]:
    """The pieces of the first `count` tokens that the model writes with nobody beside it."""
    bench = Bench(path, LARGE)
    bench.ask(list(tokens), count)
    bench.run()
    pieces = [bench.model.shown(token) for token in bench.transcripts.last]
    bench.close()
    return pieces


def alone(path: Path, tokens: list[int], count: int, most: int | None = None) -> str:
    """The text of an answer of `count` tokens; `most` is how many are written once, to be cut as wanted."""
    stream = TextStream(())
    pieces = written_alone(path, tuple(tokens), most or count)[:count]
    return "".join(stream.feed(piece).text for piece in pieces) + stream.finish().text
