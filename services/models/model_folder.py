"""The models folder: its files are listed in the registry, and deleted from both."""

from dataclasses import replace

import anyio

from records.errors import Conflict, NotFound
from records.model import LoadRequest, ModelSource, ModelStatus
from records.session import SamplingSettings
from services.interfaces.model_settings_store import ModelSettingsStore
from services.models.catalogue import Catalogue, FoundModel
from services.models.loader import MODEL_FIELD
from services.models.model_files import delete_model_files
from services.models.registry import NOT_LOADED, ModelEntry, ModelRegistry, model_facts, new_entry


class ModelFolder:
    """Scans and deletes, one at a time: a scan that overlapped with a deletion could list the model again."""

    def __init__(self, registry: ModelRegistry, catalogue: Catalogue, store: ModelSettingsStore, cores: int) -> None:
        """`cores` is the default number of threads of models."""
        self._registry = registry
        self._catalogue = catalogue
        self._store = store
        self._cores = cores
        self._lock = anyio.Lock()

    async def scan(self) -> None:
        """Search the folder, and publish models that are new, removed or changed.

        A model that is loading, loaded or unloading stays as it is, whatever happened to its file.
        """
        async with self._lock:
            models = await anyio.to_thread.run_sync(self._catalogue.scan, abandon_on_cancel=True)
            found = {model.id: model for model in models}
            for entry in self._registry:
                if entry.id not in found and entry.record.status in NOT_LOADED:
                    self._registry.remove(entry)
            for model in models:
                await self._add_or_update(model)
            self._registry.sort(tuple(found))
            self._registry.refresh_default()

    async def _add_or_update(self, found: FoundModel) -> None:
        entry = self._registry.find(found.id)
        if entry is None:
            requested, sampling = await self._store.find(found.id) or (LoadRequest(), SamplingSettings())
            self._registry.add(new_entry(found, requested, sampling, self._cores))
        elif entry.found != found and entry.record.status in NOT_LOADED:
            entry.found = found
            status = ModelStatus.FAILED if found.error else ModelStatus.UNLOADED
            record = replace(entry.record, facts=model_facts(found), status=status, error=found.error)
            self._registry.update(entry, record)

    async def delete(self, entry: ModelEntry) -> int:
        """Delete the model's files and return the number of bytes that became free. Call with the entry's lock held.

        Raises `Conflict` for the bundled model, for a loaded one, and if the files cannot be deleted; `NotFound` if a scan
        has removed the model.
        """
        name = entry.record.name
        if entry.found.source is not ModelSource.LOCAL_FILE:
            raise Conflict(f"{name} belongs to an installed package. Uninstall the package instead.", field=MODEL_FIELD)
        if entry.record.status not in NOT_LOADED:
            raise Conflict(f"{name} is loaded. Unload it first.", field=MODEL_FIELD)
        async with self._lock:
            if not self._registry.has(entry):
                raise NotFound("model", entry.id, field=MODEL_FIELD)
            try:
                freed = await anyio.to_thread.run_sync(delete_model_files, entry.found.parts)
            except OSError as error:
                raise Conflict(f"{name} cannot be deleted: {error.strerror or error}.", field=MODEL_FIELD) from error
            self._registry.remove(entry)
            self._registry.refresh_default()
        return freed
