"""Local models: the list, settings, loading, unloading and deletion. At most one model is loaded.

Changes of a model run in tasks of this component: a client that disconnects does not interrupt them. Changes of the same
model run one after the other. Loads of different models exclude each other by the states of the models, see `loader.py`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import anyio
import structlog

from concurrency import OwnedTasks, Supervisor, open_owned_tasks
from engines.inference import Inference
from engines.inference.hardware import AvailableMemory, available_memory
from engines.inference.load_failures import HINTS
from records.errors import ExpectedError, ModelNotReady, NotFound
from records.events import Change
from records.filters import ModelFilter
from records.ids import ModelId
from records.model import (
    LoadRequest,
    MemoryFit,
    ModelError,
    ModelParameter,
    ModelRecord,
    ModelStatus,
    SettingsOutcome,
)
from records.session import SamplingSettings
from records.system import InferenceStatus, WorkerStatus
from records.values.overlay import overlay
from services.interfaces.model_settings_store import ModelSettingsStore
from services.models.catalogue import BUNDLED_PACKAGE, Catalogue
from services.models.loader import MODEL_FIELD, LoadEnvironment, Loader, describe_change
from services.models.model_folder import ModelFolder
from services.models.model_process import OpenWorker
from services.models.parameters import check_load, check_sampling, list_parameters
from services.models.registry import CHANGING, ModelEntry, ModelRegistry
from services.models.settings_update import SettingsUpdate
from services.models.status import inference_status
from services.snapshot_stream import snapshot_then_live
from workers import open_worker
from workers.cores import physical_cores

STALL_SECONDS = 120.0

T = TypeVar("T")

log = structlog.stdlib.get_logger("graphlore.models")


class Models:
    """The local models. Opened by `open_models`. Methods that take a model id raise `NotFound` for an unknown one.

    An answer uses a model in three steps without an await in between, so that the model cannot be unloaded between them:
    `wait_ready` waits for a load that is under way, `inference` returns the model's engine, and the block of `use` keeps the
    model loaded until the answer has ended.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        folder: ModelFolder,
        store: ModelSettingsStore,
        loader: Loader,
        tasks: OwnedTasks,
        cores: int,
    ) -> None:
        self._registry = registry
        self._folder = folder
        self._store = store
        self._loader = loader
        self._tasks = tasks
        self._cores = cores

    async def list_models(self, filter: ModelFilter | None = None) -> tuple[ModelRecord, ...]:
        """Search the models folder and return all models that match: the bundled one first, the others by name."""
        await self.scan()
        wanted = filter or ModelFilter()
        return tuple(entry.record for entry in self._registry if wanted.matches(entry.record))

    async def scan(self) -> None:
        """Search the models folder, and publish models that are new, removed or changed."""
        await self._tasks.complete(self._folder.scan, "scan of the models folder")

    def find(self, model_id: ModelId) -> ModelRecord | None:
        entry = self._registry.find(model_id)
        return entry.record if entry else None

    def get(self, model_id: ModelId) -> ModelRecord:
        """Return the model."""
        return self._registry.get(model_id).record

    def default_id(self) -> ModelId | None:
        """Return the id of the default model: the chosen one, else the bundled one, else the first that can be read."""
        return self._registry.default_id()

    @asynccontextmanager
    async def watch_models(self, model_id: ModelId | None) -> AsyncIterator[AsyncGenerator[Change[ModelRecord], None]]:
        """Subscribe to a snapshot and all changes after it, of one model or of all (None)."""
        async with self._registry.changes.watch(model_id) as live:
            records = [self.get(model_id)] if model_id is not None else [entry.record for entry in self._registry]
            yield snapshot_then_live(records, lambda record: record.id, live)

    def parameters(self, record: ModelRecord) -> tuple[ModelParameter, ...]:
        """Return the settings that the model accepts, with ranges, defaults and values."""
        entry = self._registry.get(record.id)
        return list_parameters(entry.found.header, entry.effective_load, entry.sampling_values, self._cores)

    def check_sampling(self, model_id: ModelId, sampling: SamplingSettings, field: str = "sampling") -> None:
        """Raise `InvalidInput` for the first setting that the model rejects; the error names it as `field.NAME`."""
        check_sampling(sampling, self._registry.get(model_id).context_length, field)

    async def update_model_settings(
        self,
        model_id: ModelId,
        load: LoadRequest | None = None,
        sampling: SamplingSettings | None = None,
        reload: bool = False,
        removed: Collection[str] = (),
    ) -> SettingsOutcome:
        """Change settings and return those in effect, read back from the engine if the model is loaded.

        With `reload`, a loaded model that no answer uses is loaded again if a setting requires it. `removed` names
        sampling settings to remove: the seed or the stop strings, which have no default.

        Raises `InvalidInput` for a setting that is out of range, `ModelNotReady` if the model is being loaded or unloaded,
        and `InsufficientMemory` if it would not fit into memory with the settings.
        """
        entry = self._registry.get(model_id, MODEL_FIELD)
        update = SettingsUpdate(entry, load or LoadRequest(), sampling or SamplingSettings(), removed)

        async def apply() -> None:
            if entry.record.status in CHANGING:
                raise ModelNotReady(describe_change(entry.record), model_id, entry.record.status)
            update.check()
            await update.apply(self._registry, self._store, self._loader)
            if reload and update.waiting and entry.record.status is ModelStatus.READY and not entry.is_busy:
                await self._loader.load(entry, entry.requested, force=False)

        await self._change(entry, apply, "change of model settings")
        if reload:
            await self._wait_while_loading(entry)
        return update.outcome()

    async def fit(self, model_id: ModelId, request: LoadRequest | None = None) -> MemoryFit:
        """Estimate whether the model would fit into memory if it were loaded with these settings now.

        Raises `InvalidInput` for a setting that is out of range, and `ModelLoadFailed` if the header cannot be read.
        """
        entry = self._registry.get(model_id)
        requested = request or LoadRequest()
        check_load(requested, entry.found.header, "settings")
        return await self._loader.estimate(entry, overlay(requested, entry.load_values), self._registry.with_process)

    async def load_model(
        self, model_id: ModelId, request: LoadRequest | None = None, make_default: bool = False, force: bool = False
    ) -> ModelRecord:
        """Start to load a model and return it as LOADING, or as FAILED if its file cannot be read.

        A model that is READY with these settings is not loaded again. Raises `InvalidInput` for a setting that is out of
        range, and what `Loader.load` raises.
        """
        entry = self._registry.get(model_id, MODEL_FIELD)

        async def load() -> ModelRecord:
            check_load(request or LoadRequest(), entry.found.header, "settings")
            requested = overlay(request or LoadRequest(), entry.requested)
            is_in_effect = requested == entry.requested and entry.record.pending_load_settings is None
            if entry.record.status is not ModelStatus.READY or not is_in_effect:
                await self._loader.load(entry, requested, force)
            if make_default:
                await self._store.set_default_model(model_id)
                self._registry.choose_default(model_id)
            return entry.record

        return await self._change(entry, load, "load of a model")

    async def unload_model(self, model_id: ModelId) -> ModelRecord:
        """End the model's process, even if it is still loading the model. All memory of the model is freed.

        Raises `Conflict` if answers use the model or a load is being prepared.
        """
        entry = self._registry.get(model_id, MODEL_FIELD)
        await self._loader.unload(entry)
        return entry.record

    async def delete_model(self, model_id: ModelId) -> int:
        """Delete the model's files and return the number of bytes that became free.

        Raises `Conflict` if the model is bundled or in memory, or if a file cannot be deleted.
        """
        entry = self._registry.get(model_id, MODEL_FIELD)
        return await self._change(entry, lambda: self._folder.delete(entry), "deletion of a model")

    async def _change(self, entry: ModelEntry, work: Callable[[], Awaitable[T]], name: str) -> T:
        """Run a change of a model to its end, after earlier changes of the same model.

        Raises `NotFound` if the model was removed before the change could begin.
        """

        async def change() -> T:
            async with entry.lock:
                if not self._registry.has(entry):
                    raise NotFound("model", entry.id, field=MODEL_FIELD)
                return await work()

        return await self._tasks.complete(change, name)

    async def wait_ready(self, model_id: ModelId) -> None:
        """Wait while the model is LOADING. Raises `ModelNotReady` if it is not READY afterwards."""
        entry = self._registry.get(model_id)
        await self._wait_while_loading(entry)
        if entry.record.status is not ModelStatus.READY:
            raise _not_ready(entry.record)

    async def _wait_while_loading(self, entry: ModelEntry) -> None:
        async with self._registry.changes.watch(entry.id) as changes, aclosing(changes):
            while entry.record.status is ModelStatus.LOADING:
                await anext(changes)

    def inference(self, model_id: ModelId) -> Inference:
        """Return the engine of a READY model. Raises `ModelNotReady` for any other status."""
        entry = self._registry.get(model_id)
        inference = entry.process.inference if entry.process else None
        if inference is None or entry.record.status is not ModelStatus.READY:
            raise _not_ready(entry.record)
        return inference

    @asynccontextmanager
    async def use(self, model_id: ModelId) -> AsyncIterator[None]:
        """Keep the model loaded while the block is open."""
        entry = self._registry.get(model_id)
        entry.users += 1
        try:
            yield
        finally:
            entry.users -= 1

    async def inference_status(self) -> tuple[tuple[InferenceStatus, ...], tuple[str, ...]]:
        """Return the status of each model that has a process, and the reasons for missing numbers."""
        statuses = [await inference_status(entry) for entry in self._registry.with_process]
        reasons = tuple(reason for _, reasons in statuses for reason in reasons)
        return tuple(status for status, _ in statuses), reasons

    def workers(self) -> tuple[WorkerStatus, ...]:
        """Return the status of each model's process."""
        processes = [entry.process for entry in self._registry.with_process]
        return tuple(process.worker.status() for process in processes if process and process.worker)

    async def start(self, load_default: bool) -> None:
        """Read the stored settings, and start to load the default model. If that fails, the model is FAILED."""
        self._registry.choose_default(await self._store.default_model())
        await self.scan()
        entry = self._registry.find(self.default_id() or ModelId(""))
        if entry is None or not load_default:
            return
        try:
            await self.load_model(entry.id)
        except ExpectedError as failure:
            log.warning("default model not loaded", model=entry.record.name, code=failure.code.value)
            self._loader.fail(entry, ModelError(failure.code, failure.message, HINTS.get(failure.code)))


def _not_ready(record: ModelRecord) -> ModelNotReady:
    reason = f" {record.error.message}" if record.error else ""
    return ModelNotReady(f"The model {record.name} is {record.status.value}.{reason}", record.id, record.status)


@asynccontextmanager
async def open_models(
    supervisor: Supervisor,
    store: ModelSettingsStore,
    folder: Path,
    *,
    load_default: bool = True,
    bundled_package: str | None = BUNDLED_PACKAGE,
    memory: Callable[[], AvailableMemory] = available_memory,
    stall_seconds: float = STALL_SECONDS,
    open_worker: OpenWorker = open_worker,
) -> AsyncIterator[Models]:
    """Provide the models in `folder` and the bundled one. At the end of the block, every process has ended.

    The default model loads in the background.
    """
    async with open_owned_tasks(supervisor, "models") as tasks:
        registry, catalogue = ModelRegistry(), Catalogue(folder, bundled_package)
        loader = Loader(registry, catalogue, store, tasks, LoadEnvironment(memory, stall_seconds, open_worker))
        cores = physical_cores()
        models = Models(registry, ModelFolder(registry, catalogue, store, cores), store, loader, tasks, cores)
        try:
            await models.start(load_default)
            yield models
        finally:
            with anyio.CancelScope(shield=True):
                await loader.close()
