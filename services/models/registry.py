"""The models that are known, each with its state; every change of a state is published here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from records.errors import NotFound
from records.events import Change, ChangeKind
from records.ids import ModelId
from records.model import LoadRequest, ModelFacts, ModelRecord, ModelSource, ModelStatus
from records.session import SamplingSettings
from services.broadcast import Broadcast
from services.models.catalogue import FoundModel
from services.models.model_process import ModelProcess
from services.models.parameters import resolve_load, resolve_sampling

RESTING = (ModelStatus.UNLOADED, ModelStatus.FAILED)
MOVING = (ModelStatus.LOADING, ModelStatus.UNLOADING)


@dataclass(slots=True, eq=False)
class ModelEntry:
    """One model: its file, what people set, its state, and its process where it has one."""

    found: FoundModel
    record: ModelRecord
    asked: LoadRequest = field(default_factory=LoadRequest)
    "Load settings that people chose."
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    "Sampling settings that people chose."
    resident: ModelProcess | None = None
    users: int = 0

    @property
    def id(self) -> ModelId:
        return self.found.id

    @property
    def busy(self) -> bool:
        """Whether an answer is made with it."""
        inference = self.resident.inference if self.resident else None
        return self.users > 0 or (inference is not None and inference.active > 0)

    @property
    def load_values(self) -> LoadRequest:
        return resolve_load(self.asked, self.found.header)

    @property
    def values_in_force(self) -> LoadRequest:
        """Those of the engine where it is loaded."""
        settings = self.record.load_settings
        if settings is None:
            return self.load_values
        return LoadRequest(**{field.name: getattr(settings, field.name) for field in fields(LoadRequest)})

    @property
    def context_length(self) -> int:
        """In force, or what the next load will make it."""
        if self.record.load_settings:
            return self.record.load_settings.context_length
        return self.load_values.context_length or 0

    @property
    def sampling_values(self) -> SamplingSettings:
        return resolve_sampling(self.sampling, self.context_length)


class ModelRegistry:
    def __init__(self) -> None:
        self._entries: dict[ModelId, ModelEntry] = {}
        self.changes: Broadcast[ModelRecord] = Broadcast()
        self.chosen_default: ModelId | None = None

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(tuple(self._entries.values()))

    def find(self, model_id: ModelId) -> ModelEntry | None:
        return self._entries.get(model_id)

    def get(self, model_id: ModelId, field: str | None = None) -> ModelEntry:
        """Raises `NotFound`."""
        entry = self._entries.get(model_id)
        if entry is None:
            raise NotFound("model", model_id, field=field)
        return entry

    @property
    def loaded(self) -> list[ModelEntry]:
        return [entry for entry in self if entry.resident is not None]

    def default_id(self) -> ModelId | None:
        """The one that people chose, else the bundled one, else the first that can be read."""
        if self.chosen_default in self._entries:
            return self.chosen_default
        readable = [entry for entry in self if entry.found.header is not None]
        bundled = [entry for entry in readable if entry.found.source is ModelSource.BUNDLED]
        return next((entry.id for entry in [*bundled, *readable]), None)

    def become(self, entry: ModelEntry, **changes: Any) -> None:
        """Change the state and tell it."""
        changed = replace(entry.record, **changes)
        if changed != entry.record:
            entry.record = changed
            self.changes.publish(Change(ChangeKind.UPDATED, entry.id, changed))

    def choose_default(self, model_id: ModelId) -> None:
        self.chosen_default = model_id
        self.mark_default()

    def mark_default(self) -> None:
        default = self.default_id()
        for entry in self:
            self.become(entry, is_default=entry.id == default)

    def add(self, entry: ModelEntry) -> None:
        self._entries[entry.id] = entry
        entry.record = replace(entry.record, is_default=entry.id == self.default_id())
        self.changes.publish(Change(ChangeKind.ADDED, entry.id, entry.record))

    def remove(self, entry: ModelEntry) -> None:
        del self._entries[entry.id]
        self.changes.publish(Change(ChangeKind.REMOVED, entry.id, None))

    def sort(self, order: Sequence[ModelId]) -> None:
        """As the catalogue lists them."""
        places = {model_id: at for at, model_id in enumerate(order)}
        self._entries = dict(sorted(self._entries.items(), key=lambda item: places.get(item[0], len(places))))


def new_entry(found: FoundModel, asked: LoadRequest, sampling: SamplingSettings) -> ModelEntry:
    record = ModelRecord(
        id=found.id,
        name=found.name,
        source=found.source,
        path=found.path,
        facts=facts(found),
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
    entry = ModelEntry(found, record, asked, sampling)
    entry.record = replace(record, sampling=entry.sampling_values)
    return entry


def facts(found: FoundModel) -> ModelFacts | None:
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
