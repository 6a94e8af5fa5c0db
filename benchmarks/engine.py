"""I1, I3, I5 to I9: our engine's process and llama.cpp's own server, side by side on the same model."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psutil

from benchmarks.chat import bundled_model
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.llama_server import LlamaServer, open_llama_server
from engines.inference import WorkerInference
from engines.inference.protocol import Finished, Written
from records.model import LoadRequest
from records.session import SamplingSettings
from tests.engines.inference.conftest import open_inference

Messages = list[tuple[str, str]]
CELLS = 8192
STREAMS = (1, 4, 8)
OPTIONS = ("-c", str(CELLS), "-np", "8", "--kv-unified", "-t", "1", "-tb", "1")
"""One thread each: those of GNU's OpenMP spin while they wait, and that would be counted as work."""
TUNED = ("-b", "128", "-ub", "128")


class Ours:
    def __init__(self, inference: WorkerInference, pid: int) -> None:
        self._inference = inference
        self.process = psutil.Process(pid)

    async def ask(self, messages: Messages, tokens: int, conversation: str = "") -> tuple[int, list[float]]:
        finished, arrived = await self.answer(messages, tokens, conversation)
        return finished.completion_tokens, arrived

    async def answer(self, messages: Messages, tokens: int, conversation: str) -> tuple[Finished, list[float]]:
        arrived = []
        sampling = SamplingSettings(temperature=0.0, max_tokens=tokens)
        async with self._inference.generate(messages, sampling, conversation) as generation:
            async for event in generation:
                arrived += [perf_counter()] if isinstance(event, Written) else []
        return generation.finished, arrived

    async def prompt_tokens_read(self) -> int:
        return (await self._inference.statistics()).prompt_tokens


Ask = Callable[[Messages, int], Awaitable[tuple[int, list[float]]]]


def story(number: int) -> Messages:
    places = ("a river", "a harbour", "a forest", "a market", "a mountain", "a desert", "an island", "a library")
    return [("user", f"Write a long story about {places[number % 8]} and everyone who lives there, day by day.")]


def facts(seed: int, count: int) -> str:
    return f"List {seed}. " + " ".join(f"Item {n} weighs {(n * 13 + seed) % 97} kilograms." for n in range(count))


async def measure(_: Path, quick: bool) -> list[Figure]:
    rounds = 1 if quick else 3
    model = bundled_model()
    settings = LoadRequest(context_length=CELLS, threads=1, parallel_sequences=8)
    async with open_inference(model, settings) as (worker, inference):
        assert worker.pid is not None
        ours = Ours(inference, worker.pid)
        async with open_llama_server(model, *OPTIONS) as default:
            async with open_llama_server(model, *OPTIONS, *TUNED) as tuned:
                figures = await _throughput(ours, default, tuned, 32 if quick else 160, rounds)
            figures += [*await _common(ours, default, rounds), *await _next_turn(ours, rounds)]
            return [*figures, await _pause(ours, default, rounds)]


async def _throughput(ours: Ours, default: LlamaServer, tuned: LlamaServer, tokens: int, rounds: int) -> list[Figure]:
    """In turns; the least processor time and the most tokens a second of each."""
    costs: dict[tuple[str, int], list[float]] = {}
    speeds: dict[tuple[str, int], list[float]] = {}
    sides: list[tuple[str, Ours | LlamaServer]] = [("ours", ours), ("default", default), ("tuned", tuned)]
    for _ in range(rounds):
        for streams in STREAMS:
            for name, side in sides:
                cost, speed = await _together(side.ask, side.process, streams, tokens)
                costs.setdefault((name, streams), []).append(cost)
                speeds.setdefault((name, streams), []).append(speed)
    figures = []
    for streams in STREAMS:
        least = {name: 1000 * min(costs[name, streams]) for name, _ in sides}
        ratio = least["ours"] / min(least["default"], least["tuned"])
        figures.append(
            at_most("I1", f"CPU ms a token ÷ llama.cpp's server, {streams} at once", ratio, 1.05, **named(least))
        )
    for streams in STREAMS[1:]:
        most = {name: max(speeds[name, streams]) for name, _ in sides}
        ratio = most["ours"] / max(most["default"], most["tuned"])
        figures.append(at_least("I3", f"tokens/s ÷ llama.cpp's server, {streams} at once", ratio, 0.97, **named(most)))
    return figures


def named(values: dict[str, float]) -> dict[str, Any]:
    """As details of a figure."""
    return dict(values)


async def _together(ask: Ask, process: psutil.Process, streams: int, tokens: int) -> tuple[float, float]:
    """Processor seconds a token, and tokens a second of all."""
    before, began = process.cpu_times(), perf_counter()
    written = sum(count for count, _ in await asyncio.gather(*(ask(story(n), tokens) for n in range(streams))))
    after, seconds = process.cpu_times(), perf_counter() - began
    return (after.user + after.system - before.user - before.system) / written, written / seconds


async def _common(ours: Ours, default: LlamaServer, rounds: int) -> list[Figure]:
    """Four questions about the same 1,500 tokens at once; each round has tokens of its own."""
    took: dict[str, list[float]] = {"ours": [], "default": []}
    read = 0
    sides: list[tuple[str, Ours | LlamaServer]] = [("ours", ours), ("default", default)]
    for number in range(rounds):
        asked: list[Messages] = [
            [("user", f"{facts(1000 + number, 150)}\nWhat weighs {weight} kilograms?")] for weight in range(20, 24)
        ]
        for name, side in sides:
            before, began = await ours.prompt_tokens_read(), perf_counter()
            await asyncio.gather(*(side.ask(messages, 4) for messages in asked))
            took[name].append(perf_counter() - began)
            if name == "ours":
                read = await ours.prompt_tokens_read() - before
    finished, _ = await ours.answer(asked[0], 1, "")
    best = {name: min(seconds) for name, seconds in took.items()}
    bound = finished.prompt_tokens + 4 * 40 + 512
    return [
        at_most(
            "I5", "four prompts with 1,500 common tokens: wall ÷ llama.cpp's server", best["ours"] / best["default"], 0.45,
            **named(best),
        ),
        at_most("I6", "prompt tokens read there", read, bound, prompt=finished.prompt_tokens),
    ]  # fmt: skip


async def _next_turn(ours: Ours, rounds: int) -> list[Figure]:
    extra, ratios = [], []
    for number in range(rounds):
        told: Messages = [("user", facts(2000 + number, 190))]
        first, _ = await ours.answer(told, 40, f"turn {number}")
        history = [*told, ("assistant", await _text(ours, told, f"turn {number}")), ("user", "And which weighs least?")]
        second, _ = await ours.answer(history, 8, f"turn {number}")
        cold, _ = await ours.answer([("user", facts(3000 + number, 190)), *history[1:]], 8, "cold")
        new = second.prompt_tokens - first.prompt_tokens - 40
        extra.append(second.prompt_tokens - second.cached_tokens - new)
        assert second.time_to_first_token_ms is not None
        assert cold.time_to_first_token_ms is not None
        ratios.append(second.time_to_first_token_ms / cold.time_to_first_token_ms)
    return [
        at_most("I7", "next turn, DIRECT: prompt tokens read beyond the new ones", max(extra), 8),
        at_most("I8", "its time to first token ÷ cold", median(ratios), 0.10),
    ]


async def _text(ours: Ours, messages: Messages, conversation: str) -> str:
    """The same answer again, as text: greedy, and its prompt is held."""
    text = ""
    sampling = SamplingSettings(temperature=0.0, max_tokens=40)
    async with ours._inference.generate(messages, sampling, conversation) as generation:
        async for event in generation:
            text += event.text if isinstance(event, Written) else ""
    return text


async def _pause(ours: Ours, default: LlamaServer, rounds: int) -> Figure:
    """The longest time between two pieces of a running answer while 3,000 tokens arrive for another."""
    pauses: dict[str, list[float]] = {"ours": [], "default": []}
    sides: list[tuple[str, Ours | LlamaServer]] = [("ours", ours), ("default", default)]
    for number in range(rounds):
        for name, side in sides:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(side.ask(story(number), 400))
                await asyncio.sleep(0.5)
                group.create_task(side.ask([("user", facts(4000 + number, 290))], 2))
            arrived = running.result()[1]
            pauses[name].append(max(b - a for a, b in pairwise(arrived)))
    best = {name: 1000 * median(times) for name, times in pauses.items()}
    what = "longest pause of an answer when 3,000 tokens arrive ÷ llama.cpp's server"
    return at_most("I9", what, best["ours"] / best["default"], 0.12, ours_ms=best["ours"], default_ms=best["default"])
