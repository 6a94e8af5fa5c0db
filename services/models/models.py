"""The owner of all local models: one state each, told to whoever watches; at most one is loaded.

What a person can do with a model is here; how it gets into memory is `loader.py`'s.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import structlog

from concurrency import open_task_group
from engines.inference import Inference
from engines.inference.defaults import inherit_load
from engines.inference.failures import HINTS
from engines.inference.hardware import AvailableMemory, available_memory
from records.errors import Conflict, ExpectedError, ModelNotReady
from records.events import Change
from records.ids import ModelId
from records.model import (
    LoadRequest,
    MemoryFit,
    ModelError,
    ModelParameter,
    ModelRecord,
    ModelSource,
    ModelStatus,
    SettingsOutcome,
)
from records.session import SamplingSettings
from records.system import InferenceStatus, WorkerStatus
from services.interfaces.model_settings_store import ModelSettingsStore
from services.models.catalogue import BUNDLED_PACKAGE, Catalogue, FoundModel
from services.models.loader import MODEL_FIELD, Loader, describe_move
from services.models.parameters import check_load, check_sampling, list_parameters
from services.models.registry import MOVING, RESTING, ModelEntry, ModelRegistry, facts, new_entry
from services.models.settings_update import SettingsUpdate
from services.models.status import inference_status
from services.snapshot_stream import snapshot_then_live

STALL_SECONDS = 120.0

log = structlog.stdlib.get_logger("graphlore.models")


@dataclass(frozen=True, slots=True)
class ModelFilter:
    source: tuple[ModelSource, ...] | None = None
    status: tuple[ModelStatus, ...] | None = None
    name_contains: str | None = None

    def takes(self, record: ModelRecord) -> bool:
        return (
            (self.source is None or record.source in self.source)
            and (self.status is None or record.status in self.status)
            and (self.name_contains is None or self.name_contains.casefold() in record.name.casefold())
        )


class Models:
    """Made by `open_models`."""

    def __init__(self, shelf: ModelRegistry, catalogue: Catalogue, store: ModelSettingsStore, loader: Loader) -> None:
        self._shelf = shelf
        self._catalogue = catalogue
        self._store = store
        self._loader = loader
        self._scanning = asyncio.Lock()

    async def list(self, filter: ModelFilter | None = None) -> tuple[ModelRecord, ...]:
        """All models as their files are now, the bundled one first, then by name."""
        await self.scan()
        wanted = filter or ModelFilter()
        return tuple(entry.record for entry in self._shelf if wanted.takes(entry.record))

    async def scan(self) -> None:
        """Look at the files again; what is new, gone or changed is told."""
        async with self._scanning:
            found = {model.id: model for model in await asyncio.to_thread(self._catalogue.scan)}
            for entry in self._shelf:
                if entry.id not in found and entry.record.status in RESTING:
                    self._shelf.remove(entry)
            for model in found.values():
                await self._take_in(model)
            self._shelf.sort(tuple(found))
            self._shelf.mark_default()

    async def _take_in(self, found: FoundModel) -> None:
        entry = self._shelf.find(found.id)
        if entry is None:
            asked, sampling = await self._store.find(found.id) or (LoadRequest(), SamplingSettings())
            self._shelf.add(new_entry(found, asked, sampling))
        elif entry.found != found and entry.record.status in RESTING:
            entry.found = found
            status = ModelStatus.FAILED if found.error else ModelStatus.UNLOADED
            self._shelf.become(entry, facts=facts(found), status=status, error=found.error)

    def find(self, model_id: ModelId) -> ModelRecord | None:
        entry = self._shelf.find(model_id)
        return entry.record if entry else None

    def get(self, model_id: ModelId) -> ModelRecord:
        """Raises `NotFound`."""
        return self._shelf.get(model_id).record

    def default_id(self) -> ModelId | None:
        """The one that people chose, else the bundled one, else the first that can be read."""
        return self._shelf.default_id()

    @asynccontextmanager
    async def watch(self, model_id: ModelId | None) -> AsyncIterator[AsyncIterator[Change[ModelRecord]]]:
        """A snapshot first, then every change. Raises `NotFound` for an unknown model."""
        async with self._shelf.changes.watch(model_id) as live:
            records = [self.get(model_id)] if model_id is not None else [entry.record for entry in self._shelf]
            yield snapshot_then_live(records, lambda record: record.id, live)

    def parameters(self, record: ModelRecord) -> tuple[ModelParameter, ...]:
        """The settings that this model takes, with bounds, defaults and values. Raises `NotFound`."""
        entry = self._shelf.get(record.id)
        return list_parameters(entry.found.header, entry.values_in_force, entry.sampling_values)

    def check_sampling(self, model_id: ModelId, sampling: SamplingSettings, field: str = "sampling") -> None:
        """Raises `InvalidInput` naming the field that the model does not take, and `NotFound`."""
        check_sampling(sampling, self._shelf.get(model_id).context_length, field)

    async def update_settings(
        self,
        model_id: ModelId,
        load: LoadRequest | None = None,
        sampling: SamplingSettings | None = None,
        reload: bool = False,
    ) -> SettingsOutcome:
        """Change settings, and say what is in force: read back from the engine where the model is loaded.

        Raises `NotFound`, `InvalidInput`, `ModelNotReady` while it is loading or unloading, `InsufficientMemory`.
        """
        entry = self._shelf.get(model_id, MODEL_FIELD)
        if entry.record.status in MOVING:
            raise ModelNotReady(describe_move(entry.record), model_id, entry.record.status)
        change = SettingsUpdate(entry, load or LoadRequest(), sampling or SamplingSettings())
        change.check()
        await change.apply(self._shelf, self._store, self._loader)
        if reload and change.waiting and entry.record.status is ModelStatus.READY and not entry.busy:
            await self._loader.load(entry, entry.asked, force=False)
            await self._settled(entry)
        return change.outcome()

    async def fit(self, model_id: ModelId, request: LoadRequest | None = None) -> MemoryFit:
        """Whether it fits with these settings, once what is loaded now has made room.

        Raises `NotFound`, `InvalidInput`, and `ModelLoadFailed` where the header cannot be read.
        """
        entry = self._shelf.get(model_id)
        asked = request or LoadRequest()
        check_load(asked, entry.found.header, "settings")
        return self._loader.estimate(entry, inherit_load(asked, entry.load_values), self._shelf.loaded)

    async def load(
        self, model_id: ModelId, request: LoadRequest | None = None, make_default: bool = False, force: bool = False
    ) -> ModelRecord:
        """Start to load, and give the model back as LOADING, or as FAILED where its file is bad.

        A model that is READY with these settings stays as it is. Raises `NotFound`, `InvalidInput`, `Conflict` (something
        is loading or unloading, or the model that would have to go is answering), `InsufficientMemory` unless `force`.
        """
        entry = self._shelf.get(model_id, MODEL_FIELD)
        check_load(request or LoadRequest(), entry.found.header, "settings")
        asked = inherit_load(request or LoadRequest(), entry.asked)
        is_in_force = asked == entry.asked and entry.record.pending_load_settings is None
        if entry.record.status is not ModelStatus.READY or not is_in_force:
            await self._loader.load(entry, asked, force)
        if make_default:
            await self._store.set_default_model(model_id)
            self._shelf.choose_default(model_id)
        return entry.record

    async def unload(self, model_id: ModelId) -> ModelRecord:
        """End the model's process, which gives all its memory back; also while it loads.

        Raises `NotFound`, and `Conflict` where it is answering.
        """
        entry = self._shelf.get(model_id, MODEL_FIELD)
        await self._loader.unload(entry)
        return entry.record

    async def delete(self, model_id: ModelId) -> int:
        """Remove the model's files; gives the bytes that became free. Raises `NotFound` and `Conflict`."""
        entry = self._shelf.get(model_id, MODEL_FIELD)
        if entry.found.source is not ModelSource.LOCAL_FILE:
            raise Conflict("This model belongs to an installed package; uninstall that instead.", field=MODEL_FIELD)
        if entry.record.status not in RESTING:
            raise Conflict(f"{entry.record.name} is loaded; unload it first.", field=MODEL_FIELD)
        async with self._scanning:
            freed = await asyncio.to_thread(_remove, entry.found.parts)
            self._shelf.remove(entry)
            self._shelf.mark_default()
        return freed

    def inference(self, model_id: ModelId) -> Inference:
        """Raises `ModelNotReady` and `NotFound`."""
        entry = self._shelf.get(model_id)
        inference = entry.resident.inference if entry.resident else None
        if inference is None or entry.record.status is not ModelStatus.READY:
            raise _not_ready(entry.record)
        return inference

    @asynccontextmanager
    async def use(self, model_id: ModelId) -> AsyncIterator[None]:
        """While this block is open the model is answering: it is not unloaded. Raises `NotFound`."""
        entry = self._shelf.get(model_id)
        entry.users += 1
        try:
            yield
        finally:
            entry.users -= 1

    async def wait_ready(self, model_id: ModelId) -> None:
        """Wait while it is loading. Raises `ModelNotReady` where it is not, or fails to; `NotFound`."""
        entry = self._shelf.get(model_id)
        if entry.record.status is ModelStatus.LOADING:
            await self._settled(entry)
        if entry.record.status is not ModelStatus.READY:
            raise _not_ready(entry.record)

    async def _settled(self, entry: ModelEntry) -> None:
        async with self._shelf.changes.watch(entry.id) as changes:
            while entry.record.status is ModelStatus.LOADING:
                await anext(changes)

    async def inference_status(self) -> tuple[tuple[InferenceStatus, ...], tuple[str, ...]]:
        """Of each model that has a process, and why some could not be asked."""
        told = [await inference_status(entry) for entry in self._shelf.loaded]
        return tuple(status for status, _ in told), tuple(reason for _, reasons in told for reason in reasons)

    def workers(self) -> tuple[WorkerStatus, ...]:
        """The processes of loaded models."""
        residents = [entry.resident for entry in self._shelf.loaded]
        return tuple(resident.worker.status() for resident in residents if resident and resident.worker)

    async def start(self, load_default: bool) -> None:
        """Read what was stored, and begin with the default model; one that cannot be loaded says why."""
        self._shelf.chosen_default = await self._store.default_model()
        await self.scan()
        default = self._shelf.find(self.default_id() or ModelId(""))
        if default is None or not load_default:
            return
        try:
            await self._loader.load(default, default.asked, force=False)
        except ExpectedError as failure:
            log.warning("the default model was not loaded", model=default.record.name, code=failure.code.value)
            self._loader.fail(default, ModelError(failure.code, failure.message, HINTS.get(failure.code)))


def _not_ready(record: ModelRecord) -> ModelNotReady:
    why = f" {record.error.message}" if record.error else ""
    return ModelNotReady(f"The model {record.name} is {record.status.value}.{why}", record.id, record.status)


def _remove(parts: tuple[Path, ...]) -> int:
    freed = 0
    for part in parts:
        if part.exists():
            freed += part.stat().st_size
        part.unlink(missing_ok=True)
    return freed


@asynccontextmanager
async def open_models(
    store: ModelSettingsStore,
    folder: Path,
    *,
    load_default: bool = True,
    bundled_package: str | None = BUNDLED_PACKAGE,
    memory: Callable[[], AvailableMemory] = available_memory,
    stall_seconds: float = STALL_SECONDS,
) -> AsyncIterator[Models]:
    """The models of `folder` and the bundled one, while this block is open; at its end every process has ended.

    The default model loads in the background.
    """
    shelf, catalogue = ModelRegistry(), Catalogue(folder, bundled_package)
    async with open_task_group() as tasks:
        loader = Loader(shelf, catalogue, store, tasks, memory, stall_seconds)
        models = Models(shelf, catalogue, store, loader)
        await models.start(load_default)
        try:
            yield models
        finally:
            with anyio.CancelScope(shield=True):
                await loader.close()
