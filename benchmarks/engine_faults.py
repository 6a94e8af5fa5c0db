"""I10, I11, I13 to I16: how soon the engine lets go, what it survives, and whether it keeps its word on memory."""

import asyncio
import os
import random
import signal
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import psutil

from benchmarks.chat import bundled_model
from benchmarks.engine import Ours, facts, story
from benchmarks.figures import Figure, at_most
from benchmarks.rival import open_rival
from engines.inference import WorkerInference
from engines.inference.fit import estimate_fit
from engines.inference.hardware import available_memory
from engines.inference.inspection import inspect
from engines.inference.protocol import PromptProgress
from engines.inference.text import TextStream
from engines.models.parameters import resolve_load
from records.model import LoadRequest
from records.session import SamplingSettings
from tests.engines.inference.conftest import open_inference
from workers import Worker, WorkerCrashed

GREEDY = SamplingSettings(temperature=0.0)
SETTINGS = LoadRequest(context_length=8192, parallel_sequences=8)


async def measure(_: Path, quick: bool) -> list[Figure]:
    model = bundled_model()
    async with open_inference(model, SETTINGS) as (worker, inference):
        assert worker.pid is not None
        canceled = await _cancel(inference, 5 if quick else 20)
        reread = await _new_context(inference, psutil.Process(worker.pid))
    async with open_inference(model, replace(SETTINGS, context_length=1024)) as (worker, inference):
        full = await _full_cache(Ours(inference, worker.pid or 0))
    async with open_inference(model, SETTINGS) as (worker, inference):
        killed = await _kill(worker, inference)
    return [canceled, full, *await _fit(model), reread, *killed, _fuzz(200 if quick else 10_000)]


async def _cancel(inference: WorkerInference, times: int) -> Figure:
    """From the cancel of a prompt that is being read to a sequence that is free."""
    took = []
    for number in range(times):
        sampling = replace(GREEDY, max_tokens=4)
        async with inference.generate([("user", facts(5000 + number, 500))], sampling, "c") as generation:
            async for event in generation:
                if isinstance(event, PromptProgress) and event.prompt_tokens_read > 0:
                    break
        began = perf_counter()
        while (await inference.statistics()).sequences_busy:
            await asyncio.sleep(0.001)
        took.append(perf_counter() - began)
    p95 = sorted(took)[round(0.95 * (times - 1))]
    return at_most("I10", "cancel of a prompt → its sequence is free, p95", 1000 * p95, 100, " ms", times=times)


async def _full_cache(ours: Ours) -> Figure:
    """Eight answers of up to 400 tokens in 1,024 cells."""
    ends = await asyncio.gather(*(ours.ask(story(n), 400) for n in range(8)), return_exceptions=True)
    failed = [end for end in ends if isinstance(end, BaseException)]
    return at_most("I11", "answers that a full cache kills", len(failed), 0, answers=8)


async def _fit(model: Path) -> list[Figure]:
    settings = resolve_load(SETTINGS, inspect(model))
    began = perf_counter()
    fit = estimate_fit(inspect(model), settings, available_memory())
    seconds = perf_counter() - began
    async with open_rival("allocating", str(model), str(SETTINGS.context_length), "8") as rival:
        told = (await rival.ask())["bytes"]
    error = 100 * abs(fit.total_bytes - told) / told
    return [
        at_most("I13", "inspection and fit", 1000 * seconds, 150, " ms"),
        at_most("I13", "its error against what llama.cpp allocates", error, 5, " %", said=fit.total_bytes, told=told),
    ]


async def _new_context(inference: WorkerInference, process: psutil.Process) -> Figure:
    """Read from files and mapped pages while the context length changes, in bytes; what calls bring is not counted."""
    before = process.io_counters().read_bytes
    await inference.apply(LoadRequest(context_length=4096), GREEDY)
    after = process.io_counters().read_bytes
    return at_most("I14", "bytes read from the disk when n_ctx changes", after - before, 0, " B")


async def _kill(worker: Worker, inference: WorkerInference) -> list[Figure]:
    """Four clients wait for answers when the process is killed."""
    began = perf_counter()
    told = []
    started = asyncio.Event()

    async def client(number: int) -> None:
        try:
            async with inference.generate(story(number), replace(GREEDY, max_tokens=2000), str(number)) as generation:
                async for _ in generation:
                    started.set()
        except WorkerCrashed:
            told.append(perf_counter() - began)

    async with asyncio.TaskGroup() as clients:
        for number in range(4):
            clients.create_task(client(number))
        await started.wait()
        assert worker.pid is not None
        began = perf_counter()
        os.kill(worker.pid, signal.SIGKILL)
    assert len(told) == 4
    await inference.statistics()
    ready = perf_counter() - began
    return [
        at_most("I15", "kill -9 → typed error at every client", max(told), 1, " s", clients=4),
        at_most("I15", "kill -9 → READY again", ready, 1 + await _load_seconds(), " s"),
    ]


async def _load_seconds() -> float:
    began = perf_counter()
    async with open_inference(bundled_model(), SETTINGS):
        return perf_counter() - began


def _fuzz(times: int) -> Figure:
    """Streams of random bytes of whole characters, cut anywhere, with stop strings anywhere."""
    wrong = 0
    for seed in range(times):
        chosen = random.Random(seed)
        text = "".join(chosen.choices("aä漢😀 \n<>/|Se", k=chosen.randint(0, 60)))
        stops = tuple("".join(chosen.choices("a漢😀S", k=chosen.randint(1, 4))) for _ in range(chosen.randint(0, 3)))
        stream, data, shown = TextStream(stops), text.encode(), ""
        while data and not stream.stopped:
            cut = chosen.randint(1, 5)
            shown += stream.feed(data[:cut]).text
            data = data[cut:]
        shown += stream.finish().text
        found = [at for at in map(text.find, stops) if at >= 0]
        expected = (text[: min(found)] if found else text).lstrip()
        wrong += shown != expected or "�" in shown
    return at_most("I16", "fuzzed streams that are not as they should be", wrong, 0, streams=times)
