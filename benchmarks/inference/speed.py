"""I1: CPU time per token. I3, I4: tokens per second of simultaneous answers. Prompts are short and answers long."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_least, at_most, unmeasured
from benchmarks.inference.conversations import bundled_model, stories
from benchmarks.inference.engine import Engine, Round, measure_round
from benchmarks.inference.graphlore_engine import open_graphlore
from benchmarks.inference.llama_server_build import BaselineUnavailable
from benchmarks.inference.llama_servers import open_both_servers, open_llama_cpp_server
from records.model import LoadRequest
from workers.cores import physical_cores

CONTEXT = 8192
TOKENS = {1: 192, 4: 96, 8: 64}
"""Tokens of each answer, by the number of simultaneous answers."""
STREAMS = tuple(TOKENS)
ROUNDS = 5

Measured = dict[int, dict[str, list[Round]]]
"""Rounds by the number of simultaneous answers and the name of the engine."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Measure all engines in turns. All of them are loaded at the same time."""
    try:
        async with _open_engines(1) as engines:
            alone = await _rounds(engines, quick)
        async with _open_engines(physical_cores()) as engines:
            together = await _rounds(engines, quick)
    except BaselineUnavailable as reason:
        rows = (("I1", "CPU seconds per token ÷ llama.cpp's server"), ("I3", "tokens/s ÷ llama.cpp's server"))
        return [*(unmeasured(row, description, reason) for row, description in rows), await _serial(quick)]
    cpu = [_cpu(streams, alone[streams], together[streams]) for streams in STREAMS]
    speed = [_speed(streams, together[streams]) for streams in STREAMS if streams > 1]
    return [*cpu, *speed, await _serial(quick)]


@asynccontextmanager
async def _open_engines(threads: int) -> AsyncIterator[list[Engine]]:
    model, max_streams = bundled_model(), max(STREAMS)
    settings = LoadRequest(context_length=CONTEXT, threads=threads, parallel_sequences=max_streams)
    async with (
        open_graphlore(model, settings) as graphlore,
        open_both_servers(model, context=CONTEXT, streams=max_streams, threads=threads) as servers,
    ):
        yield [graphlore, *servers]


async def _rounds(engines: Sequence[Engine], quick: bool) -> Measured:
    """Measure all engines in turns. The first round of each fills its prompt cache and does not count."""
    measured: Measured = {}
    for streams in STREAMS:
        tokens = 32 if quick else TOKENS[streams]
        rounds: dict[str, list[Round]] = {engine.name: [] for engine in engines}
        for number in range(2 if quick else 1 + ROUNDS):
            for engine in engines:
                measured_round = await measure_round(engine, stories(streams), tokens)
                assert [reply.tokens for reply in measured_round.replies] == [tokens] * streams, (
                    engine.name,
                    measured_round,
                )
                if number:
                    rounds[engine.name].append(measured_round)
        measured[streams] = rounds
    return measured


def _cpu(streams: int, alone: dict[str, list[Round]], together: dict[str, list[Round]]) -> Figure:
    """Compare the CPU time per token of the best rounds on one thread (I1).

    With several threads, waiting threads spin and use CPU time without doing work.
    """
    best = {name: min(measured_round.cpu_ms_per_token for measured_round in rounds) for name, rounds in alone.items()}
    more = {
        name: min(measured_round.cpu_ms_per_token for measured_round in rounds) for name, rounds in together.items()
    }
    baseline = min(value for name, value in best.items() if name != "graphlore")
    details: dict[str, Any] = {f"{name}, ms": value for name, value in best.items()}
    details |= {f"{name} on {physical_cores()} threads, ms": value for name, value in more.items()}
    description = f"CPU seconds per token ÷ llama.cpp's server, {_answers(streams)}, 1 thread"
    return at_most("I1", description, best["graphlore"] / baseline, 1.05, **details)


def _speed(streams: int, together: dict[str, list[Round]]) -> Figure:
    best: dict[str, Any] = {
        name: max(measured_round.tokens_per_second for measured_round in rounds) for name, rounds in together.items()
    }
    baseline = max(value for name, value in best.items() if name != "graphlore")
    description = f"tokens/s ÷ llama.cpp's server, {_answers(streams)}"
    return at_least("I3", description, best["graphlore"] / baseline, 0.97, **best)


async def _serial(quick: bool) -> Figure:
    """Compare with the server of llama-cpp-python, which generates one answer after the other; both use all cores."""
    description, max_streams, tokens = (
        "tokens/s ÷ llama_cpp.server, 8 answers at once",
        max(STREAMS),
        16 if quick else 64,
    )
    model, threads = bundled_model(), physical_cores()
    try:
        async with (
            open_llama_cpp_server(model, context=CONTEXT, threads=threads) as serial,
            open_graphlore(
                model, LoadRequest(context_length=CONTEXT, threads=threads, parallel_sequences=max_streams)
            ) as graphlore,
        ):
            speeds: dict[str, list[float]] = {"graphlore": [], serial.name: []}
            for _ in range(1 if quick else 3):
                for engine in (graphlore, serial):
                    speeds[engine.name].append(
                        (await measure_round(engine, stories(max_streams), tokens)).tokens_per_second
                    )
    except BaselineUnavailable as reason:
        return unmeasured("I4", description, reason)
    best: dict[str, Any] = {name: max(rounds) for name, rounds in speeds.items()}
    return at_least("I4", description, best["graphlore"] / best[serial.name], 1.8, **best)


def _answers(streams: int) -> str:
    return f"{streams} answers at once" if streams > 1 else "1 answer"
