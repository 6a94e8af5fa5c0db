"""Running answers while a long prompt arrives (I9), when they are canceled (I10) and when the cache is full (I11)."""

import asyncio
import random
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from benchmarks.figures import Figure, at_most, unmeasured
from benchmarks.inference.conversations import bundled_model, long_question, stories
from benchmarks.inference.engine import Engine, Reply
from benchmarks.inference.graphlore_engine import GraphloreEngine, open_graphlore
from benchmarks.inference.llama_server_build import BaselineUnavailable
from benchmarks.inference.llama_servers import open_both_servers, open_llama_server
from engines.inference.protocol import PromptProgress
from engines.inference.worker.scheduling.sequence import RESERVED_CELLS
from records.model import LoadRequest
from records.session import SamplingSettings
from workers.cores import physical_cores

CONTEXT = 8192
LONG_PROMPT = 3000
ROUNDS, CANCELS = 5, 20
MAX_TOKENS = 2000
"""Limit of the running answer in tokens, which it never reaches: it is canceled after the measurement."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    model, threads = bundled_model(), physical_cores()
    async with open_graphlore(model, LoadRequest(context_length=CONTEXT, threads=threads)) as graphlore:
        figures = [await _cancel_latency(graphlore, quick), await _longest_pause(graphlore, quick)]
    return [*figures, await _full_cache(8, quick)]


async def _longest_pause(graphlore: GraphloreEngine, quick: bool) -> Figure:
    """Compare the median of `_pause` over all rounds between the engines (I9). Each round has a new prompt."""
    description = "longest pause of a running answer when a 3,000-token prompt arrives ÷ llama.cpp's server"
    model, threads = bundled_model(), physical_cores()
    try:
        async with open_both_servers(model, context=CONTEXT, streams=4, threads=threads) as servers:
            engines: list[Engine] = [graphlore, *servers]
            pauses: dict[str, list[float]] = {engine.name: [] for engine in engines}
            for number in range(1 if quick else ROUNDS):
                for engine in engines:
                    pauses[engine.name].append(await _pause(engine, number, 700 if quick else LONG_PROMPT))
    except BaselineUnavailable as reason:
        return unmeasured("I9", description, reason)
    middle = {name: median(each) for name, each in pauses.items()}
    details: dict[str, Any] = {f"{name}, s": value for name, value in middle.items()}
    return at_most("I9", description, middle["graphlore"] / middle["llama.cpp's server"], 0.12, **details)


async def _pause(engine: Engine, number: int, tokens: int) -> float:
    """Return the longest pause between two deltas of a running answer, in seconds, while a long prompt is answered.

    The long prompt has `tokens` tokens. Pauses before it is sent and after its answer has ended do not count.
    """
    running = Reply()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(engine.ask(stories(1)[0], MAX_TOKENS, "running", reply=running))
        while len(running.arrivals) < 10:
            await asyncio.sleep(0.01)
        sent = perf_counter() - running.asked_at
        long = await engine.ask(long_question(tokens, number), 2, f"long-{number}")
        assert long.is_complete
        answered = perf_counter() - running.asked_at
        task.cancel()
    arrivals = [sent, *[at for at in running.arrivals if at > sent], answered]
    return max(later - earlier for earlier, later in pairwise(arrivals))


async def _cancel_latency(graphlore: GraphloreEngine, quick: bool) -> Figure:
    """Return the 95th percentile of the time from a cancel until no sequence is busy (I10).

    The cancels happen at random moments of a prefill.
    """
    chosen = random.Random(1)
    seconds = [await _cancel(graphlore, seed, chosen.uniform(0.0, 0.5)) for seed in range(5 if quick else CANCELS)]
    p95 = quantiles(seconds, n=20, method="inclusive")[-1]
    description = "cancel during the prefill → sequence free, p95"
    return at_most(
        "I10", description, p95, 0.1, " s", median_s=median(seconds), longest_s=max(seconds), cancels=len(seconds)
    )


async def _cancel(graphlore: GraphloreEngine, seed: int, wait: float) -> float:
    sampling = SamplingSettings(max_tokens=4, temperature=0.0)
    prompt = long_question(LONG_PROMPT, 1000 + seed)
    async with graphlore.inference.generate(prompt, sampling, "canceled", salt="") as generation:
        async for event in generation:
            assert isinstance(event, PromptProgress), "the prefill ended before the cancel"
            if event.prefilled_tokens:
                break
        await asyncio.sleep(wait)
        began = perf_counter()
    while (await graphlore.statistics()).sequences_busy:
        await asyncio.sleep(0.001)
    return perf_counter() - began


async def _full_cache(streams: int, quick: bool) -> Figure:
    """Return the number of answers that fail because the KV cache is full (I11).

    All answers are admitted, because RESERVED_CELLS cells are free for each. Then they generate more tokens than there
    are cells.
    """
    streams, tokens = (3, RESERVED_CELLS + 60) if quick else (streams, RESERVED_CELLS + 190)
    context = streams * (RESERVED_CELLS + 64)
    model, threads = bundled_model(), physical_cores()
    settings = LoadRequest(context_length=context, threads=threads, parallel_sequences=streams)
    async with open_graphlore(model, settings) as graphlore:
        failed = await _failed_answers(graphlore, streams, tokens)
        preemptions = (await graphlore.statistics()).preemptions
    try:
        async with open_llama_server(model, context=context, streams=streams, threads=threads) as server:
            others: Any = await _failed_answers(server, streams, tokens)
    except BaselineUnavailable as reason:
        others = str(reason)
    description = f"answers of {streams} that failed because the KV cache was full"
    return at_most("I11", description, failed, 0, preemptions=preemptions, failed_on_llama_server=others)


async def _failed_answers(engine: Engine, streams: int, tokens: int) -> int:
    replies = await asyncio.gather(
        *(engine.ask(messages, tokens, f"full-{number}") for number, messages in enumerate(stories(streams)))
    )
    return sum(not reply.is_complete for reply in replies)
