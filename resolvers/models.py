"""Models: listed, loaded, unloaded, set, deleted."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from records.errors import InvalidInput
from records.events import Change
from records.ids import ModelId
from records.model import (
    LoadRequest,
    MemoryFit,
    ModelParameter,
    ModelRecord,
    ModelSource,
    ModelStatus,
    SettingsOutcome,
)
from resolvers.context import Context
from resolvers.session_settings import changed_sampling


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """None lets everything through."""

    source: tuple[ModelSource, ...] | None = None
    status: tuple[ModelStatus, ...] | None = None
    name_contains: str | None = None

    def takes(self, model: ModelRecord) -> bool:
        return (
            (self.source is None or model.source in self.source)
            and (self.status is None or model.status in self.status)
            and (self.name_contains is None or self.name_contains.casefold() in model.name.casefold())
        )


def all_models(context: Context, filter: ModelFilter | None = None) -> Sequence[ModelRecord]:
    models = context.models.list()
    return models if filter is None else [model for model in models if filter.takes(model)]


def find(context: Context, model_id: ModelId | None) -> ModelRecord | None:
    return None if model_id is None else context.models.find(model_id)


def parameters(context: Context, model: ModelRecord) -> tuple[ModelParameter, ...]:
    return context.models.parameters(model)


async def fit(context: Context, model: ModelRecord, given: Mapping[str, Any]) -> MemoryFit | None:
    """None where the file's header could not be read."""
    if model.facts is None:
        return None
    return await context.models.fit(model.id, LoadRequest(**given) if given else None)


async def load(
    context: Context,
    model_id: ModelId,
    given: Mapping[str, Any] | None,
    make_default: bool,
    force: bool,
) -> ModelRecord:
    """Starts loading; watch `modelEvents`."""
    return await context.models.load(model_id, _load_request(given, "settings"), make_default, force)


async def unload(context: Context, model_id: ModelId) -> ModelRecord:
    return await context.models.unload(model_id)


async def update_settings(
    context: Context,
    model_id: ModelId,
    load: Mapping[str, Any] | None,
    sampling: Mapping[str, Any] | None,
    reload: bool,
) -> SettingsOutcome:
    """Null clears a sampling setting, back to the model's own; what was not given stays."""
    current = context.models.get(model_id).sampling
    changed = changed_sampling(current, sampling) if sampling else None
    if changed is not None:
        context.models.check_sampling(model_id, changed)
    return await context.models.update_settings(model_id, _load_request(load, "load"), changed, reload)


async def delete(context: Context, model_id: ModelId) -> int:
    """Bytes that were freed."""
    return await context.models.delete(model_id)


def _load_request(given: Mapping[str, Any] | None, field: str) -> LoadRequest | None:
    for name, value in (given or {}).items():
        if value is None:
            spelled = "".join(part.capitalize() if at else part for at, part in enumerate(name.split("_")))
            raise InvalidInput(
                f"{spelled} cannot be null; leave it out to change nothing.", path=("input", field, spelled)
            )
    return LoadRequest(**given) if given else None


def check_exists(context: Context, model_id: ModelId | None) -> None:
    """Raises `NotFound` where one was named that is not there."""
    if model_id is not None:
        context.models.get(model_id)


async def stream_events(context: Context, model_id: ModelId | None) -> AsyncIterator[Change[ModelRecord]]:
    """One model's changes, or all: a snapshot first."""
    async with context.models.watch(model_id) as changes:
        async for change in changes:
            yield change
