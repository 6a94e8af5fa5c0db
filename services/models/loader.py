"""Loading and unloading of models. At most one model is loaded at a time.

The state LOADING is set in the same step of the event loop as the checks that allow the load. Of two loads at once, the
second one is therefore refused.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import anyio
import structlog

from concurrency import OwnedTasks, run_unit
from engines.inference.gguf.inspection import require_generative
from engines.inference.hardware import AvailableMemory
from engines.inference.memory_fit import estimate_fit
from engines.inference.protocol import Load, Loaded
from records.codes import ErrorCode
from records.errors import Conflict, InsufficientMemory, ModelLoadFailed, ServerStopping
from records.model import FitVerdict, LoadRequest, LoadStage, MemoryFit, ModelError, ModelRecord, ModelStatus
from services.interfaces.model_settings_store import ModelSettingsStore
from services.models.catalogue import Catalogue
from services.models.model_process import LoadListener, ModelProcess, OpenWorker
from services.models.parameters import resolve_load, resolve_sampling
from services.models.registry import CHANGING, ModelEntry, ModelRegistry, model_facts

log = structlog.stdlib.get_logger("graphlore.models")

MODEL_FIELD = "model_id"


@dataclass(frozen=True, slots=True)
class LoadEnvironment:
    """Resources of the machine for models."""

    memory: Callable[[], AvailableMemory]
    "Returns the free memory. May block."
    stall_seconds: float
    "A load without progress for this time has failed."
    open_worker: OpenWorker


class Loader:
    """Loads and unloads models, and sets their states while it does so."""

    def __init__(
        self,
        registry: ModelRegistry,
        catalogue: Catalogue,
        store: ModelSettingsStore,
        tasks: OwnedTasks,
        environment: LoadEnvironment,
    ) -> None:
        self._registry = registry
        self._catalogue = catalogue
        self._store = store
        self._tasks = tasks
        self._environment = environment
        self._processes: set[ModelProcess] = set()
        "Processes that have not ended. They include processes of models that are no longer in the registry."
        self._is_closed = False

    async def estimate(self, entry: ModelEntry, values: LoadRequest, leaving: Sequence[ModelEntry]) -> MemoryFit:
        """Estimate whether the model fits into memory after the models in `leaving` have been unloaded.

        Raises `ModelLoadFailed` if the header cannot be read.
        """
        header, error = entry.found.header, entry.found.error
        if header is None:
            assert error is not None
            raise ModelLoadFailed(error.code, error.message, error.hint)
        memory = await anyio.to_thread.run_sync(self._environment.memory, abandon_on_cancel=True)
        return estimate_fit(header, values, _with_freed(memory, [each.process.fit for each in leaving if each.process]))

    async def require_room(self, entry: ModelEntry, values: LoadRequest, leaving: Sequence[ModelEntry]) -> MemoryFit:
        """Return the estimate of the memory. Raises `InsufficientMemory` if the model does not fit."""
        fit = await self.estimate(entry, values, leaving)
        if fit.verdict is FitVerdict.DOES_NOT_FIT:
            message = f"{entry.record.name} does not fit into memory with these settings."
            raise InsufficientMemory(f"{message} {fit.suggestion or ''}".strip(), fit)
        return fit

    async def load(self, entry: ModelEntry, requested: LoadRequest, force: bool) -> None:
        """Start to load a model; other loaded models are unloaded. Call with the entry's lock held.

        Loading has two steps. This call reads the header, checks the memory and stores the settings. If that fails, the
        model is as before, except that its settings may be stored already. Otherwise a task of its own waits until the
        other models have ended, and then runs the process.

        A file that cannot be read makes the model FAILED. Raises `Conflict` if a model is being loaded or unloaded or if
        answers use a loaded model, `ServerStopping` if the server is being stopped, and what the store raises. Without
        `force`, also raises `InsufficientMemory` if the model does not fit into memory.
        """
        self._require_idle()
        before = entry.record
        record = replace(before, status=ModelStatus.LOADING, stage=LoadStage.INSPECTING, progress=0.0, error=None)
        self._registry.update(entry, record)
        try:
            fit = await self._prepare(entry, requested, force)
        except ModelLoadFailed as failure:
            await self._end(entry)
            self.fail(entry, ModelError(failure.code, failure.message, failure.hint))
        except BaseException:  # including cancellation
            self._restore(entry, before)
            raise
        else:
            self._start_process(entry, fit)

    def _require_idle(self) -> None:
        if self._is_closed:
            raise ServerStopping
        for entry in self._registry:
            if entry.record.status in CHANGING:
                raise Conflict(describe_change(entry.record), field=MODEL_FIELD)
        self._require_no_answers()

    def _require_no_answers(self) -> None:
        for entry in self._registry.with_process:
            if entry.is_busy:
                raise Conflict(describe_use(entry.record), field=MODEL_FIELD)

    async def _prepare(self, entry: ModelEntry, requested: LoadRequest, force: bool) -> MemoryFit:
        """Check everything that can be checked without a process, and store the settings."""
        refresh = self._catalogue.refresh
        entry.found = await anyio.to_thread.run_sync(refresh, entry.found, abandon_on_cancel=True)
        self._registry.update(entry, replace(entry.record, facts=model_facts(entry.found)))
        if entry.found.header is not None:
            require_generative(entry.found.header)
        values = resolve_load(requested, entry.found.header, entry.cores)
        check = self.estimate if force else self.require_room
        fit = await check(entry, values, self._registry.with_process)
        if requested != entry.requested:
            await self._store.save(entry.id, requested, entry.sampling)
            entry.requested = requested
        # Since the first checks, an answer may have started or the model may have been unloaded. Nothing may be awaited
        # between these checks and the start of the process.
        self._require_no_answers()
        if entry.record.stage is not LoadStage.INSPECTING:
            raise Conflict(f"{entry.record.name} was changed while it was prepared for loading.", field=MODEL_FIELD)
        if self._is_closed:
            raise ServerStopping
        return fit

    def _start_process(self, entry: ModelEntry, fit: MemoryFit) -> None:
        leaving = [other.process for other in self._registry.with_process if other.process is not None]
        self._request_end_of_processes()
        process = self._make_process(entry, fit)
        entry.process = process
        self._processes.add(process)
        self._tasks.start(lambda: self._run_process(entry, process, leaving), "model process")

    def _request_end_of_processes(self) -> None:
        """Request the end of every process, and set its model to UNLOADING.

        A model that is LOADING keeps this status: it gets a new process, or its load is being ended by `close`. The tasks
        of the processes set the final states when the processes have ended.
        """
        for entry in self._registry.with_process:
            if entry.process is not None:
                entry.process.end()
            if entry.record.status is not ModelStatus.LOADING:
                self._registry.update(entry, replace(entry.record, status=ModelStatus.UNLOADING))

    def _make_process(self, entry: ModelEntry, fit: MemoryFit) -> ModelProcess:
        # If users chose no number of threads, it stays None, and the worker measures which number is fastest.
        settings = replace(entry.load_values, threads=entry.requested.threads)
        load = Load(os.fsencode(entry.found.path), settings, entry.sampling_values)
        listener = LoadListener(
            lambda stage, fraction: self._record_progress(entry, process, stage, fraction),
            lambda loaded: self._record_ready(entry, process, loaded),
        )
        process = ModelProcess(load, fit, listener, self._environment.stall_seconds, self._environment.open_worker)
        return process

    async def _run_process(self, entry: ModelEntry, process: ModelProcess, leaving: Sequence[ModelProcess]) -> None:
        """Run a model's process when the processes of the other models have ended."""

        async def run() -> None:
            for other in leaving:
                await other.ended.wait()
            self._record_progress(entry, process, LoadStage.SPAWNING, 0.0)
            self._record_end(entry, process, await process.run())

        async def record_unexpected_error(message: str) -> None:
            self._record_end(entry, process, ModelError(ErrorCode.INTERNAL, message, None))

        try:
            await run_unit(run, "model process", record_unexpected_error)
        finally:
            self._processes.discard(process)
            process.ended.set()

    def _record_progress(self, entry: ModelEntry, process: ModelProcess, stage: LoadStage, fraction: float) -> None:
        if entry.process is process and entry.record.status is not ModelStatus.UNLOADING:
            record = replace(entry.record, status=ModelStatus.LOADING, stage=stage, progress=round(fraction, 3))
            self._registry.update(entry, record)

    def _record_ready(self, entry: ModelEntry, process: ModelProcess, loaded: Loaded) -> None:
        if entry.process is not process or entry.record.status is ModelStatus.UNLOADING:
            return
        record = entry.record
        if loaded.template_error is not None:
            log.warning("chat template not usable", model=record.name, reason=loaded.template_error)
            assert record.facts is not None, "a loaded model has a header"
            record = replace(record, facts=replace(record.facts, has_chat_template=False))
        record = replace(
            record, status=ModelStatus.READY, stage=None, progress=1.0, error=None, loaded_at=datetime.now(UTC),
            load_settings=loaded.settings, pending_load_settings=None, sampling=loaded.sampling,
        )  # fmt: skip
        self._registry.update(entry, record)

    def _record_end(self, entry: ModelEntry, process: ModelProcess, failure: ModelError | None) -> None:
        """Set the state of a model whose process has ended. No-op if the model has another process already."""
        if entry.process is process:
            entry.process = None
            self._set_not_loaded(entry, failure)

    def fail(self, entry: ModelEntry, error: ModelError) -> None:
        """Set a model without a process to FAILED."""
        self._set_not_loaded(entry, error)

    def _set_not_loaded(self, entry: ModelEntry, error: ModelError | None) -> None:
        record = replace(
            entry.record, status=ModelStatus.UNLOADED if error is None else ModelStatus.FAILED, stage=None, progress=0.0,
            error=error, loaded_at=None, load_settings=None, pending_load_settings=None,
        )  # fmt: skip
        context_length = entry.load_values.context_length or 0
        self._registry.update(entry, replace(record, sampling=resolve_sampling(entry.sampling, context_length)))

    def _restore(self, entry: ModelEntry, before: ModelRecord) -> None:
        """Restore the state from before a rejected load, unless a crash or an unload has changed the state."""
        if entry.record.stage is LoadStage.INSPECTING:
            record = replace(
                entry.record, status=before.status, stage=before.stage, progress=before.progress, error=before.error
            )
            self._registry.update(entry, record)

    async def unload(self, entry: ModelEntry) -> None:
        """End the model's process, even if it is loading the model, and wait until it has ended.

        Raises `Conflict` if answers use the model, or if a load is being prepared, which takes milliseconds.
        """
        if entry.record.status is ModelStatus.LOADING and entry.process is None:
            raise Conflict(describe_change(entry.record), field=MODEL_FIELD)
        if entry.is_busy:
            raise Conflict(describe_use(entry.record), field=MODEL_FIELD)
        await self._end(entry)

    async def _end(self, entry: ModelEntry) -> None:
        process = entry.process
        if process is None:
            return
        record = replace(entry.record, status=ModelStatus.UNLOADING, stage=None, progress=0.0)
        self._registry.update(entry, record)
        process.end()
        await process.ended.wait()

    async def close(self) -> None:
        """End all processes. Loads are refused from now on."""
        self._is_closed = True
        self._request_end_of_processes()
        for process in tuple(self._processes):
            process.end()
            await process.ended.wait()


def _with_freed(memory: AvailableMemory, freed: Sequence[MemoryFit]) -> AvailableMemory:
    """Return the free memory after processes have ended."""
    vram = sum(fit.vram_bytes for fit in freed)
    ram = sum(fit.total_bytes for fit in freed) - vram
    return AvailableMemory(memory.ram + ram, None if memory.vram is None else memory.vram + vram)


def describe_change(record: ModelRecord) -> str:
    return f"{record.name} is {record.status.value.lower()}. Try again when it has finished."


def describe_use(record: ModelRecord) -> str:
    return f"{record.name} is generating an answer. Wait for the answer or cancel it."
