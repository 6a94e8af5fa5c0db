"""The model registry: all known models with their states. Every change of a state is published."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace

import anyio

from records.errors import NotFound
from records.events import Change, ChangeKind
from records.ids import ModelId
from records.model import LoadRequest, ModelFacts, ModelRecord, ModelSource, ModelStatus
from records.session import SamplingSettings
from services.broadcast import Broadcast
from services.models.catalogue import FoundModel
from services.models.model_files import display_path
from services.models.model_process import ModelProcess
from services.models.parameters import resolve_load, resolve_sampling

NOT_LOADED = (ModelStatus.UNLOADED, ModelStatus.FAILED)
CHANGING = (ModelStatus.LOADING, ModelStatus.UNLOADING)


@dataclass(slots=True, eq=False)
class ModelEntry:
    """A model: its file, the settings that users chose, its state, and its process if it has one."""

    found: FoundModel
    record: ModelRecord
    requested: LoadRequest = field(default_factory=LoadRequest)
    "Load settings that users chose."
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    "Sampling settings that users chose."
    cores: int = 1
    "The number of threads if users chose none."
    process: ModelProcess | None = None
    users: int = 0
    "Answers that use the model: also those that have not sent a request to its process yet."
    lock: anyio.Lock = field(default_factory=anyio.Lock)
    "Held while the model is prepared for loading, deleted, or given new settings."

    @property
    def id(self) -> ModelId:
        return self.found.id

    @property
    def is_busy(self) -> bool:
        """True if answers use the model."""
        inference = self.process.inference if self.process else None
        return self.users > 0 or (inference is not None and inference.active > 0)

    @property
    def load_values(self) -> LoadRequest:
        """All load settings that the next load will use."""
        return resolve_load(self.requested, self.found.header, self.cores)

    @property
    def effective_load(self) -> LoadRequest:
        """All load settings in effect. For a model that is not loaded: those that the next load will use."""
        settings = self.record.load_settings
        if settings is None:
            return self.load_values
        return LoadRequest(**{field.name: getattr(settings, field.name) for field in fields(LoadRequest)})

    @property
    def context_length(self) -> int:
        """The context length in effect. For a model that is not loaded: the one that the next load will use."""
        return self.effective_load.context_length or 0

    @property
    def sampling_values(self) -> SamplingSettings:
        """All sampling settings of the model."""
        return resolve_sampling(self.sampling, self.context_length)


class ModelRegistry:
    """The known models in the order in which they are listed, and their changes for subscribers."""

    def __init__(self) -> None:
        self._entries: dict[ModelId, ModelEntry] = {}
        self._chosen_default: ModelId | None = None
        self.changes: Broadcast[ModelRecord] = Broadcast()

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(tuple(self._entries.values()))

    def find(self, model_id: ModelId) -> ModelEntry | None:
        return self._entries.get(model_id)

    def get(self, model_id: ModelId, field: str | None = None) -> ModelEntry:
        """Return the model. Raises `NotFound` for an unknown id; the error names the argument `field`."""
        entry = self._entries.get(model_id)
        if entry is None:
            raise NotFound("model", model_id, field=field)
        return entry

    def has(self, entry: ModelEntry) -> bool:
        """Return whether this entry is in the registry. A file that is removed and added again gets a new one."""
        return self._entries.get(entry.id) is entry

    @property
    def with_process(self) -> list[ModelEntry]:
        """The models that have a process: loading, loaded or unloading."""
        return [entry for entry in self if entry.process is not None]

    def default_id(self) -> ModelId | None:
        """Return the id of the default model: the chosen one, else the bundled one, else the first that can be read."""
        if self._chosen_default in self._entries:
            return self._chosen_default
        readable = [entry for entry in self if entry.found.header is not None]
        bundled = [entry for entry in readable if entry.found.source is ModelSource.BUNDLED]
        return next((entry.id for entry in [*bundled, *readable]), None)

    def update(self, entry: ModelEntry, record: ModelRecord) -> None:
        """Set the state of a model. Publish it if it differs and the model was not removed."""
        if record != entry.record:
            entry.record = record
            if self.has(entry):
                self.changes.publish(Change(ChangeKind.UPDATED, entry.id, record))

    def choose_default(self, model_id: ModelId | None) -> None:
        """Set the default model that a user has chosen."""
        self._chosen_default = model_id
        self.refresh_default()

    def refresh_default(self) -> None:
        """Update `is_default` of all models; call it after models were added or removed."""
        default = self.default_id()
        for entry in self:
            self.update(entry, replace(entry.record, is_default=entry.id == default))

    def add(self, entry: ModelEntry) -> None:
        self._entries[entry.id] = entry
        entry.record = replace(entry.record, is_default=entry.id == self.default_id())
        self.changes.publish(Change(ChangeKind.ADDED, entry.id, entry.record))

    def remove(self, entry: ModelEntry) -> None:
        del self._entries[entry.id]
        self.changes.publish(Change(ChangeKind.REMOVED, entry.id, None))

    def sort(self, order: Sequence[ModelId]) -> None:
        """Order the models as in `order`, and models that are not in it last."""
        places = {model_id: place for place, model_id in enumerate(order)}
        self._entries = dict(sorted(self._entries.items(), key=lambda item: places.get(item[0], len(places))))


def new_entry(found: FoundModel, requested: LoadRequest, sampling: SamplingSettings, cores: int) -> ModelEntry:
    """Return an entry for a model that is not loaded."""
    record = ModelRecord(
        id=found.id,
        name=found.name,
        source=found.source,
        path=display_path(found.path),
        facts=model_facts(found),
        status=ModelStatus.FAILED if found.error else ModelStatus.UNLOADED,
        stage=None,
        progress=0.0,
        error=found.error,
        loaded_at=None,
        load_settings=None,
        pending_load_settings=None,
        sampling=sampling,
        is_default=False,
    )
    entry = ModelEntry(found, record, requested, sampling, cores)
    entry.record = replace(record, sampling=entry.sampling_values)
    return entry


def model_facts(found: FoundModel) -> ModelFacts | None:
    """Return the facts in the header; None if it cannot be read."""
    header = found.header
    if header is None:
        return None
    return ModelFacts(
        architecture=header.architecture,
        parameter_count=header.parameter_count,
        quantization=header.quantization,
        byte_size=header.byte_size,
        trained_context_length=header.context_length,
        has_chat_template=header.chat_template is not None,
    )
