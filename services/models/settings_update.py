"""A change of a model's settings: checked, put into force as far as that goes at once, and read back."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from engines.inference.memory_fit import cells
from records.errors import InsufficientMemory, ModelLoadFailed
from records.model import LoadRequest, LoadSettings, ModelStatus, SettingApplies, SettingsOutcome
from records.session import SamplingSettings
from records.values.overlay import overlay, set_fields
from services.interfaces.model_settings_store import ModelSettingsStore
from services.models.loader import Loader
from services.models.parameters import applies, check_load, check_sampling
from services.models.registry import ModelEntry, ModelRegistry

LARGEST = 2**31


class SettingsUpdate:
    def __init__(self, entry: ModelEntry, load: LoadRequest, sampling: SamplingSettings) -> None:
        self._entry = entry
        self._load = load
        self._sampling = sampling

    def check(self) -> None:
        """Raises `InvalidInput` naming the field."""
        header = self._entry.found.header
        check_load(self._load, header, "load")
        check_load(self._values(), header, "load")
        context = self._load.context_length or self._entry.context_length
        check_sampling(self._sampling, context, "sampling")

    def _values(self) -> LoadRequest:
        return overlay(self._load, self._entry.load_values)

    async def apply(self, shelf: ModelRegistry, store: ModelSettingsStore, loader: Loader) -> None:
        """Raises `InsufficientMemory`; nothing has changed then."""
        entry = self._entry
        if set_fields(self._load) and entry.found.header is not None:
            loader.require_room(entry, self._values(), (entry,))
        if entry.record.status is ModelStatus.READY:
            await self._apply_in_engine(shelf, loader)
        entry.asked = overlay(self._load, entry.asked)
        entry.sampling = overlay(self._sampling, entry.sampling)
        await store.save(entry.id, entry.asked, entry.sampling)
        if entry.record.status is not ModelStatus.READY:
            shelf.become(entry, sampling=entry.sampling_values)

    async def _apply_in_engine(self, shelf: ModelRegistry, loader: Loader) -> None:
        entry = self._entry
        assert entry.resident is not None
        assert entry.resident.inference is not None
        sampling = overlay(self._sampling, entry.sampling_values)
        try:
            loaded = await entry.resident.inference.apply(self._at_once(), sampling)
        except ModelLoadFailed as failure:
            fit = loader.estimate(entry, self._values(), (entry,))
            raise InsufficientMemory(failure.message, fit) from failure
        shelf.become(entry, load_settings=loaded.settings, sampling=loaded.sampling)
        shelf.become(entry, pending_load_settings=self._pending(loaded.settings))

    def _at_once(self) -> LoadRequest:
        """What needs no reload; while it answers, the context gets no smaller: prompts were measured by it."""
        allowed = {SettingApplies.AT_ONCE, SettingApplies.REBUILDS_CONTEXT}
        at_once = LoadRequest(
            **{name: value for name, value in set_fields(self._load).items() if applies(name) in allowed}
        )
        is_smaller = (at_once.context_length or LARGEST) < self._entry.context_length
        return replace(at_once, context_length=None) if self._entry.busy and is_smaller else at_once

    def _pending(self, in_force: LoadSettings) -> LoadSettings | None:
        asked = {**set_fields(self._entry.asked), **set_fields(self._load)}
        late = {name: asked[name] for name in _differing(asked, in_force)}
        return replace(in_force, **late) if late else None

    @property
    def waiting(self) -> tuple[str, ...]:
        """The load settings that are not in force, by field."""
        in_force = self._entry.record.load_settings
        fields = set_fields(self._load)
        late = fields if in_force is None else _differing(fields, in_force)
        return tuple(late)

    def outcome(self) -> SettingsOutcome:
        record, waiting = self._entry.record, self.waiting
        names = [*set_fields(self._load), *set_fields(self._sampling)]
        return SettingsOutcome(
            model=record,
            load=record.load_settings,
            sampling=record.sampling,
            applied=tuple(name for name in names if name not in waiting),
            waiting_for_reload=waiting,
            applied_at=datetime.now(UTC),
        )


def _differing(asked: dict[str, Any], in_force: LoadSettings) -> list[str]:
    """llama.cpp rounds the context length up; that counts as what was asked for."""
    if "context_length" in asked:
        asked = {**asked, "context_length": cells(asked["context_length"])}
    return [name for name, value in asked.items() if getattr(in_force, name) != value]
