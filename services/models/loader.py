"""How a model comes into memory and goes out of it again; at most one is there at a time.

The state changes before the work on it starts and in the same step as it is checked, so two loads at once cannot both begin.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from anyio.abc import TaskGroup

from engines.inference.gguf.inspection import require_answers
from engines.inference.hardware import AvailableMemory
from engines.inference.memory_fit import estimate_fit
from engines.inference.protocol import Load, Loaded
from records.codes import ErrorCode
from records.errors import Conflict, InsufficientMemory, ModelLoadFailed
from records.model import FitVerdict, LoadRequest, LoadStage, MemoryFit, ModelError, ModelRecord, ModelStatus
from services.background import guarded
from services.interfaces.model_settings_store import ModelSettingsStore
from services.models.catalogue import Catalogue
from services.models.model_process import Listener, ModelProcess
from services.models.parameters import resolve_load
from services.models.registry import MOVING, ModelEntry, ModelRegistry, facts

_STATE = ("status", "stage", "progress", "error")
MODEL_FIELD = "model_id"


class Loader:
    def __init__(
        self,
        shelf: ModelRegistry,
        catalogue: Catalogue,
        store: ModelSettingsStore,
        tasks: TaskGroup,
        memory: Callable[[], AvailableMemory],
        stall_seconds: float,
    ) -> None:
        self._shelf = shelf
        self._catalogue = catalogue
        self._store = store
        self._tasks = tasks
        self._memory = memory
        self._stall_seconds = stall_seconds

    def estimate(self, entry: ModelEntry, values: LoadRequest, leaving: Sequence[ModelEntry]) -> MemoryFit:
        """`leaving` will have given its memory back. Raises `ModelLoadFailed` where the header could not be read."""
        header, error = entry.found.header, entry.found.error
        if header is None:
            assert error is not None
            raise ModelLoadFailed(error.code, error.message, error.hint)
        memory = self._memory()
        given_back = sum(other.resident.total_bytes for other in leaving if other.resident)
        return estimate_fit(header, values, replace(memory, ram=memory.ram + given_back))

    def require_room(self, entry: ModelEntry, values: LoadRequest, leaving: Sequence[ModelEntry]) -> MemoryFit:
        """Raises `InsufficientMemory`."""
        fit = self.estimate(entry, values, leaving)
        if fit.verdict is FitVerdict.DOES_NOT_FIT:
            name, why = entry.record.name, fit.suggestion or ""
            raise InsufficientMemory(f"{name} does not fit into memory with these settings. {why}".strip(), fit)
        return fit

    async def load(self, entry: ModelEntry, asked: LoadRequest, force: bool) -> None:
        """Begin to load; a bad file makes the model FAILED. Raises `Conflict`, `InsufficientMemory`."""
        self._require_idle(entry)
        before = entry.record
        self._shelf.become(entry, status=ModelStatus.LOADING, stage=LoadStage.INSPECTING, progress=0.0, error=None)
        begun = False
        try:
            await self._prepare(entry, asked, force)
            begun = True
        except ModelLoadFailed as failure:
            begun = True
            await self._end(entry)
            self.fail(entry, ModelError(failure.code, failure.message, failure.hint))
        finally:
            if not begun:
                self._shelf.become(entry, **{name: getattr(before, name) for name in _STATE})

    def _require_idle(self, entry: ModelEntry) -> None:
        for other in self._shelf:
            if other.record.status in MOVING:
                raise Conflict(describe_move(other.record), field=MODEL_FIELD)
            if other.resident is not None and other.busy:
                raise Conflict(
                    f"{other.record.name} is answering; wait for it or cancel the answer.", field=MODEL_FIELD
                )

    async def _prepare(self, entry: ModelEntry, asked: LoadRequest, force: bool) -> None:
        """Look at the file, see whether it fits, and hand the rest to a task of its own."""
        entry.found = await asyncio.to_thread(self._catalogue.look_again, entry.found)
        self._shelf.become(entry, facts=facts(entry.found))
        if entry.found.header is not None:
            require_answers(entry.found.header)
        values = resolve_load(asked, entry.found.header)
        room = self.estimate if force else self.require_room
        fit = room(entry, values, self._shelf.loaded)
        await self._store.save(entry.id, asked, entry.sampling)
        entry.asked = asked
        leaving = [self._send_off(other) for other in self._shelf.loaded]
        entry.resident = self._make_resident(entry, fit)
        self._tasks.start_soon(self._reside, entry, entry.resident, leaving)

    def _send_off(self, entry: ModelEntry) -> ModelProcess:
        """Ask a model to leave; its own task tells when it has."""
        assert entry.resident is not None
        entry.resident.end()
        if entry.record.status is not ModelStatus.LOADING:
            self._shelf.become(entry, status=ModelStatus.UNLOADING)
        return entry.resident

    def _make_resident(self, entry: ModelEntry, fit: MemoryFit) -> ModelProcess:
        # Threads that nobody asked for are found out by trying.
        settings = replace(entry.load_values, threads=entry.asked.threads)
        load = Load(str(entry.found.path), settings, entry.sampling_values)
        listener = Listener(
            lambda stage, fraction: self._progress(entry, stage, fraction), lambda loaded: self._ready(entry, loaded)
        )
        return ModelProcess(load, fit.total_bytes, listener, self._stall_seconds)

    async def _reside(self, entry: ModelEntry, resident: ModelProcess, leaving: Sequence[ModelProcess]) -> None:
        """The model's time in memory."""

        async def live() -> None:
            for other in leaving:
                await other.ended.wait()
            self._progress(entry, LoadStage.SPAWNING, 0.0)
            self._leave(entry, resident, await resident.live())

        async def surprised(message: str) -> None:
            self._leave(entry, resident, ModelError(ErrorCode.INTERNAL, message, None))

        try:
            await guarded(live, "model", surprised)
        finally:
            resident.ended.set()

    def _progress(self, entry: ModelEntry, stage: LoadStage, fraction: float) -> None:
        if entry.record.status is not ModelStatus.UNLOADING:
            self._shelf.become(entry, status=ModelStatus.LOADING, stage=stage, progress=round(fraction, 3))

    def _ready(self, entry: ModelEntry, loaded: Loaded) -> None:
        if entry.record.status is ModelStatus.UNLOADING:
            return
        self._shelf.become(
            entry, status=ModelStatus.READY, stage=None, progress=1.0, error=None, loaded_at=datetime.now(UTC),
            load_settings=loaded.settings, pending_load_settings=None, sampling=loaded.sampling,
        )  # fmt: skip

    def _leave(self, entry: ModelEntry, resident: ModelProcess, failure: ModelError | None) -> None:
        """It is out of memory; where another one of the same model came in its place, that one's state stands."""
        if entry.resident is not resident:
            return
        entry.resident = None
        if failure is not None:
            self.fail(entry, failure)
        else:
            self._rest(entry, ModelStatus.UNLOADED, None)

    def fail(self, entry: ModelEntry, error: ModelError) -> None:
        """It is not loaded, and says why."""
        self._rest(entry, ModelStatus.FAILED, error)

    def _rest(self, entry: ModelEntry, status: ModelStatus, error: ModelError | None) -> None:
        self._shelf.become(
            entry, status=status, stage=None, progress=0.0, error=error, loaded_at=None, load_settings=None,
            pending_load_settings=None, sampling=entry.sampling_values,
        )  # fmt: skip

    async def unload(self, entry: ModelEntry) -> None:
        """End the model's process and wait for that; also one that is loading. Raises `Conflict` where it answers."""
        if entry.record.status is ModelStatus.LOADING and entry.resident is None:
            raise Conflict(describe_move(entry.record), field=MODEL_FIELD)
        if entry.busy:
            raise Conflict(f"{entry.record.name} is answering; wait for it or cancel the answer.", field=MODEL_FIELD)
        await self._end(entry)

    async def _end(self, entry: ModelEntry) -> None:
        resident = entry.resident
        if resident is None:
            return
        self._shelf.become(entry, status=ModelStatus.UNLOADING, stage=None, progress=0.0)
        resident.end()
        await resident.ended.wait()

    async def close(self) -> None:
        """End all processes."""
        leaving = [self._send_off(entry) for entry in self._shelf.loaded]
        for resident in leaving:
            await resident.ended.wait()


def describe_move(record: ModelRecord) -> str:
    return f"{record.name} is {record.status.value.lower()}; wait until it is done."
