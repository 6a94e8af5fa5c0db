"""I1: CPU time for a token. I3, I4: tokens a second of many answers at once. All with short prompts and long answers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_least, at_most, unmeasured
from benchmarks.inference.building import OpponentMissing
from benchmarks.inference.opponents import open_both, open_llama_cpp_server
from benchmarks.inference.ours import open_ours
from benchmarks.inference.sides import Round, Side, at_once
from benchmarks.inference.texts import bundled_model, stories
from records.model import LoadRequest
from workers.cores import physical_cores

CONTEXT = 8192
TOKENS = {1: 192, 4: 96, 8: 64}
"""By number of answers at once: how long each is."""
STREAMS = tuple(TOKENS)
ROUNDS = 5

Measured = dict[int, dict[str, list[Round]]]
"""By number of answers at once, and by the side's name."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """All sides stay loaded; each round is one of each, in turns."""
    try:
        async with _sides(1) as sides:
            alone = await _rounds(sides, quick)
        async with _sides(physical_cores()) as sides:
            together = await _rounds(sides, quick)
    except OpponentMissing as missing:
        rows = (("I1", "CPU seconds per token ÷ llama.cpp's server"), ("I3", "tokens/s ÷ llama.cpp's server"))
        return [*(unmeasured(row, what, missing) for row, what in rows), await _serial(quick)]
    cpu = [_cpu(streams, alone[streams], together[streams]) for streams in STREAMS]
    speed = [_speed(streams, together[streams]) for streams in STREAMS if streams > 1]
    return [*cpu, *speed, await _serial(quick)]


@asynccontextmanager
async def _sides(threads: int) -> AsyncIterator[list[Side]]:
    model, most = bundled_model(), max(STREAMS)
    settings = LoadRequest(context_length=CONTEXT, threads=threads, parallel_sequences=most)
    async with (
        open_ours(model, settings) as ours,
        open_both(model, context=CONTEXT, streams=most, threads=threads) as servers,
    ):
        yield [ours, *servers]


async def _rounds(sides: Sequence[Side], quick: bool) -> Measured:
    """The first round of each side reads the prompts and counts for nothing."""
    measured: Measured = {}
    for streams in STREAMS:
        tokens = 32 if quick else TOKENS[streams]
        rounds: dict[str, list[Round]] = {side.name: [] for side in sides}
        for number in range(2 if quick else 1 + ROUNDS):
            for side in sides:
                taken = await at_once(side, stories(streams), tokens)
                assert [reply.tokens for reply in taken.replies] == [tokens] * streams, (side.name, taken)
                if number:
                    rounds[side.name].append(taken)
        measured[streams] = rounds
    return measured


def _cpu(streams: int, alone: dict[str, list[Round]], together: dict[str, list[Round]]) -> Figure:
    """Best of five on one thread: with more, those that wait for each other spin, and their time is no work."""
    best = {name: min(taken.cpu_per_token for taken in rounds) for name, rounds in alone.items()}
    more = {name: min(taken.cpu_per_token for taken in rounds) for name, rounds in together.items()}
    rival = min(value for name, value in best.items() if name != "ours")
    details: dict[str, Any] = {f"{name}, ms": value for name, value in best.items()}
    details |= {f"{name} on {physical_cores()} threads, ms": value for name, value in more.items()}
    what = f"CPU seconds per token ÷ llama.cpp's server, {_answers(streams)}, 1 thread"
    return at_most("I1", what, best["ours"] / rival, 1.05, **details)


def _speed(streams: int, together: dict[str, list[Round]]) -> Figure:
    best: dict[str, Any] = {name: max(taken.per_second for taken in rounds) for name, rounds in together.items()}
    rival = max(value for name, value in best.items() if name != "ours")
    what = f"tokens/s ÷ llama.cpp's server, {_answers(streams)}"
    return at_least("I3", what, best["ours"] / rival, 0.97, **best)


async def _serial(quick: bool) -> Figure:
    """As it comes, its answers one after another; both on all cores."""
    what, most, tokens = "tokens/s ÷ llama_cpp.server, 8 answers at once", max(STREAMS), 16 if quick else 64
    model, threads = bundled_model(), physical_cores()
    try:
        async with (
            open_llama_cpp_server(model, context=CONTEXT, threads=threads) as serial,
            open_ours(model, LoadRequest(context_length=CONTEXT, threads=threads, parallel_sequences=most)) as ours,
        ):
            speeds: dict[str, list[float]] = {"ours": [], serial.name: []}
            for _ in range(1 if quick else 3):
                for side in (ours, serial):
                    speeds[side.name].append((await at_once(side, stories(most), tokens)).per_second)
    except OpponentMissing as missing:
        return unmeasured("I4", what, missing)
    best: dict[str, Any] = {name: max(rounds) for name, rounds in speeds.items()}
    return at_least("I4", what, best["ours"] / best[serial.name], 1.8, **best)


def _answers(streams: int) -> str:
    return f"{streams} answers at once" if streams > 1 else "1 answer"
