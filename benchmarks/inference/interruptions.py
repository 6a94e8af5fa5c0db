"""What befalls a running answer: a long prompt beside it (I9), a cancel (I10), a cache that is full (I11)."""

import asyncio
import random
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from benchmarks.figures import Figure, at_most, unmeasured
from benchmarks.inference.building import OpponentMissing
from benchmarks.inference.opponents import open_both, open_llama_server
from benchmarks.inference.ours import Ours, open_ours
from benchmarks.inference.sides import Reply, Side
from benchmarks.inference.texts import bundled_model, long_question, stories
from engines.inference.protocol import PromptProgress
from engines.inference.worker.scheduling.sequence import RESERVED_CELLS
from records.model import LoadRequest
from records.session import SamplingSettings
from workers.cores import physical_cores

CONTEXT = 8192
LONG = 3000
ROUNDS, CANCELS = 5, 20
LONGEST = 2000
"""More tokens than the running answer gets to: it is ended when what is measured is over."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    model, threads = bundled_model(), physical_cores()
    async with open_ours(model, LoadRequest(context_length=CONTEXT, threads=threads)) as ours:
        figures = [await _cancels(ours, quick), await _pauses(ours, quick)]
    return [*figures, await _full(8, quick)]


async def _pauses(ours: Ours, quick: bool) -> Figure:
    """Median over the rounds; a new prompt each time."""
    what = "longest pause of a running answer when a 3,000-token prompt arrives ÷ llama.cpp's server"
    model, threads = bundled_model(), physical_cores()
    try:
        async with open_both(model, context=CONTEXT, streams=4, threads=threads) as servers:
            sides: list[Side] = [ours, *servers]
            pauses: dict[str, list[float]] = {side.name: [] for side in sides}
            for number in range(1 if quick else ROUNDS):
                for side in sides:
                    pauses[side.name].append(await _pause(side, number, 700 if quick else LONG))
    except OpponentMissing as missing:
        return unmeasured("I9", what, missing)
    middle = {name: median(each) for name, each in pauses.items()}
    details: dict[str, Any] = {f"{name}, s": value for name, value in middle.items()}
    return at_most("I9", what, middle["ours"] / middle["llama.cpp's server"], 0.12, **details)


async def _pause(side: Side, number: int, tokens: int) -> float:
    """Seconds without anything of the running answer, from when the long prompt was sent until it was answered."""
    running = Reply()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(side.ask(stories(1)[0], LONGEST, "running", shown=running))
        while len(running.arrivals) < 10:
            await asyncio.sleep(0.01)
        sent = perf_counter() - running.asked_at
        long = await side.ask(long_question(tokens, number), 2, f"long-{number}")
        assert long.is_whole
        answered = perf_counter() - running.asked_at
        task.cancel()
    arrivals = [sent, *[at for at in running.arrivals if at > sent], answered]
    return max(later - earlier for earlier, later in pairwise(arrivals))


async def _cancels(ours: Ours, quick: bool) -> Figure:
    """From the cancel until no sequence is busy, at moments anywhere in the reading of a prompt."""
    chosen = random.Random(1)
    taken = [await _cancel(ours, seed, chosen.uniform(0.0, 0.5)) for seed in range(5 if quick else CANCELS)]
    p95 = quantiles(taken, n=20, method="inclusive")[-1]
    what = "cancel while the prompt is read → sequence free, p95"
    return at_most("I10", what, p95, 0.1, " s", median_s=median(taken), longest_s=max(taken), cancels=len(taken))


async def _cancel(ours: Ours, seed: int, wait: float) -> float:
    sampling = SamplingSettings(max_tokens=4, temperature=0.0)
    prompt = long_question(LONG, 1000 + seed)
    async with ours.inference.generate(prompt, sampling, "canceled") as generation:
        async for event in generation:
            assert isinstance(event, PromptProgress), "it was canceled too late: the prompt has been read"
            if event.prefilled_tokens:
                break
        await asyncio.sleep(wait)
        began = perf_counter()
    while (await ours.statistics()).sequences_busy:
        await asyncio.sleep(0.001)
    return perf_counter() - began


async def _full(streams: int, quick: bool) -> Figure:
    """All are let in, since each is promised RESERVED_CELLS, and then write more than there is room for."""
    streams, tokens = (3, RESERVED_CELLS + 60) if quick else (streams, RESERVED_CELLS + 190)
    context = streams * (RESERVED_CELLS + 64)
    model, threads = bundled_model(), physical_cores()
    settings = LoadRequest(context_length=context, threads=threads, parallel_sequences=streams)
    async with open_ours(model, settings) as ours:
        killed = await _killed(ours, streams, tokens)
        preemptions = (await ours.statistics()).preemptions
    try:
        async with open_llama_server(model, context=context, streams=streams, threads=threads) as server:
            others: Any = await _killed(server, streams, tokens)
    except OpponentMissing as missing:
        others = str(missing)
    what = f"answers of {streams} that a full KV cache killed"
    return at_most("I11", what, killed, 0, preemptions=preemptions, killed_by_llama_server=others)


async def _killed(side: Side, streams: int, tokens: int) -> int:
    replies = await asyncio.gather(
        *(side.ask(messages, tokens, f"full-{number}") for number, messages in enumerate(stories(streams)))
    )
    return sum(not reply.is_whole for reply in replies)
