"""Models: listed, loaded, unloaded, set, deleted."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from records.errors import InvalidInput
from records.events import Change
from records.ids import ModelId
from records.model import (
    LoadRequest,
    MemoryFit,
    ModelParameter,
    ModelRecord,
    SettingsOutcome,
)
from resolvers.argument_paths import graphql_name
from resolvers.context import Context
from resolvers.session_settings import changed_sampling
from services.models import ModelFilter


async def list_all(context: Context, filter: ModelFilter | None = None) -> tuple[ModelRecord, ...]:
    """All that fit, as their files are now."""
    return await context.models.list(filter)


def find(context: Context, model_id: ModelId | None) -> ModelRecord | None:
    return None if model_id is None else context.models.find(model_id)


def parameters(context: Context, model: ModelRecord) -> tuple[ModelParameter, ...]:
    return context.models.parameters(model)


async def fit(context: Context, model: ModelRecord, given: Mapping[str, Any]) -> MemoryFit | None:
    """None where nothing can be said: the file's header cannot be read, or the model does not take these settings."""
    if model.facts is None:
        return None
    try:
        return await context.models.fit(model.id, LoadRequest(**given) if given else None)
    except InvalidInput:
        return None


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
    """Null puts a sampling setting back to its default; what was not given stays."""
    changed = None
    if sampling:
        defaults = {each.name: each.default for each in context.models.parameters(context.models.get(model_id))}
        changed = changed_sampling(None, {name: _or_default(name, value, defaults) for name, value in sampling.items()})
    return await context.models.update_settings(model_id, _load_request(load, "load"), changed, reload)


def _or_default(name: str, value: Any, defaults: Mapping[str, Any]) -> Any:
    if value is not None:
        return value
    if defaults.get(name) is None:
        raise InvalidInput(f"{graphql_name(name)} has no default that it could go back to.", field=f"sampling.{name}")
    return defaults[name]


async def delete(context: Context, model_id: ModelId) -> int:
    """Bytes that were freed."""
    return await context.models.delete(model_id)


def _load_request(given: Mapping[str, Any] | None, field: str) -> LoadRequest | None:
    for name, value in (given or {}).items():
        if value is None:
            spelled = graphql_name(name)
            raise InvalidInput(f"{spelled} cannot be null; leave it out to change nothing.", field=f"{field}.{name}")
    return LoadRequest(**given) if given else None


async def stream_events(context: Context, model_id: ModelId | None) -> AsyncGenerator[Change[ModelRecord], None]:
    """One model's changes, or all: a snapshot first. Raises `NotFound` before the stream begins."""
    if model_id is not None:
        context.models.get(model_id)
    return _follow(context, model_id)


async def _follow(context: Context, model_id: ModelId | None) -> AsyncGenerator[Change[ModelRecord], None]:
    async with context.models.watch(model_id) as changes:
        async for change in changes:
            yield change
