"""A change of a model's settings: validated, stored, applied to a loaded model, and read back from the engine."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import anyio

from engines.inference.memory_fit import cells
from records.errors import InsufficientMemory, ModelLoadFailed
from records.model import LoadRequest, LoadSettings, ModelStatus, SettingApplies, SettingsOutcome
from records.session import SamplingSettings
from records.values.overlay import overlay, set_fields
from services.interfaces.model_settings_store import ModelSettingsStore
from services.models.loader import Loader
from services.models.parameters import applies, check_load, check_sampling
from services.models.registry import ModelEntry, ModelRegistry

MAX_CONTEXT = 2**31


class SettingsUpdate:
    """One change of the settings of one model."""

    def __init__(
        self, entry: ModelEntry, load: LoadRequest, sampling: SamplingSettings, removed: Collection[str] = ()
    ) -> None:
        """`removed` names sampling settings to remove: the seed or the stop strings, which have no default."""
        self._entry = entry
        self._load = load
        self._sampling = sampling
        self._removed = removed

    def check(self) -> None:
        """Raise `InvalidInput` for the first setting that the model does not accept; the error names the setting."""
        header = self._entry.found.header
        check_load(self._load, header, "load")
        check_load(self._new_load_values(), header, "load")
        context = self._load.context_length or self._entry.context_length
        check_sampling(self._sampling, context, "sampling")

    def _new_load_values(self) -> LoadRequest:
        return overlay(self._load, self._entry.load_values)

    def _new_sampling(self, current: SamplingSettings) -> SamplingSettings:
        return replace(overlay(self._sampling, current), **dict.fromkeys(self._removed))

    async def apply(self, registry: ModelRegistry, store: ModelSettingsStore, loader: Loader) -> None:
        """Store the settings and apply them to the engine if the model is loaded. Call with the entry's lock held.

        If the engine rejects the settings, the previous ones are stored again, so that nothing has changed after an error.
        Raises `InsufficientMemory` if the model would not fit into memory, the failures of the worker, and what the store
        raises.
        """
        entry = self._entry
        if set_fields(self._load) and entry.found.header is not None:
            await loader.require_room(entry, self._new_load_values(), (entry,))
        requested, sampling = overlay(self._load, entry.requested), self._new_sampling(entry.sampling)
        await store.save(entry.id, requested, sampling)
        try:
            if entry.record.status is ModelStatus.READY:
                await self._apply_to_engine(registry, loader)
        except BaseException:  # including cancellation
            with anyio.CancelScope(shield=True):
                await store.save(entry.id, entry.requested, entry.sampling)
            raise
        entry.requested, entry.sampling = requested, sampling
        if entry.record.status is not ModelStatus.READY:
            registry.update(entry, replace(entry.record, sampling=entry.sampling_values))

    async def _apply_to_engine(self, registry: ModelRegistry, loader: Loader) -> None:
        entry, process = self._entry, self._entry.process
        assert process is not None
        assert process.inference is not None
        sampling = self._new_sampling(entry.sampling_values)
        try:
            loaded = await process.inference.apply(self._immediate_settings(), sampling)
        except ModelLoadFailed as failure:
            fit = await loader.estimate(entry, self._new_load_values(), (entry,))
            raise InsufficientMemory(failure.message, fit) from failure
        if entry.process is process and entry.record.status is ModelStatus.READY:
            pending = self._pending(loaded.settings)
            registry.update(
                entry,
                replace(
                    entry.record,
                    load_settings=loaded.settings,
                    pending_load_settings=pending,
                    sampling=loaded.sampling,
                ),
            )

    def _immediate_settings(self) -> LoadRequest:
        """Return the load settings that need no reload.

        A shorter context is left out while answers use the model, because their model inputs were fitted to the longer one.
        """
        allowed = {SettingApplies.AT_ONCE, SettingApplies.REBUILDS_CONTEXT}
        immediate = LoadRequest(
            **{name: value for name, value in set_fields(self._load).items() if applies(name) in allowed}
        )
        is_shorter = (immediate.context_length or MAX_CONTEXT) < self._entry.context_length
        return replace(immediate, context_length=None) if self._entry.is_busy and is_shorter else immediate

    def _pending(self, in_effect: LoadSettings) -> LoadSettings | None:
        requested = {**set_fields(self._entry.requested), **set_fields(self._load)}
        late = {name: requested[name] for name in _differing(requested, in_effect)}
        return replace(in_effect, **late) if late else None

    @property
    def waiting(self) -> tuple[str, ...]:
        """Names of the changed load settings that take effect with the next load."""
        in_effect = self._entry.record.load_settings
        fields = set_fields(self._load)
        return tuple(fields if in_effect is None else _differing(fields, in_effect))

    def outcome(self) -> SettingsOutcome:
        """Return the settings in effect after the change."""
        record, waiting = self._entry.record, self.waiting
        names = [*set_fields(self._load), *set_fields(self._sampling), *self._removed]
        return SettingsOutcome(
            model=record,
            load=record.load_settings,
            sampling=record.sampling,
            applied=tuple(name for name in names if name not in waiting),
            waiting_for_reload=waiting,
            applied_at=datetime.now(UTC),
        )


def _differing(requested: dict[str, Any], in_effect: LoadSettings) -> list[str]:
    """Return the names of settings that are not in effect. A context that llama.cpp rounded up is in effect."""
    if "context_length" in requested:
        requested = {**requested, "context_length": cells(requested["context_length"])}
    return [name for name, value in requested.items() if getattr(in_effect, name) != value]
