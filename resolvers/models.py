"""Local models: list, load, unload, change settings and delete."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from records.errors import InvalidInput
from records.events import Change
from records.filters import ModelFilter
from records.ids import ModelId
from records.model import (
    LoadRequest,
    MemoryFit,
    ModelParameter,
    ModelRecord,
    SettingsOutcome,
)
from resolvers.request_context import Context
from resolvers.session_settings import apply_sampling
from resolvers.subscription_streams import stream
from resolvers.validation import reject_null


async def list_models(context: Context, filter: ModelFilter | None = None) -> tuple[ModelRecord, ...]:
    """Scan the model files and return the models that match the filter."""
    return await context.models.list_models(filter)


def find_model(context: Context, model_id: ModelId | None) -> ModelRecord | None:
    return None if model_id is None else context.models.find(model_id)


def list_parameters(context: Context, model: ModelRecord) -> tuple[ModelParameter, ...]:
    return context.models.parameters(model)


async def estimate_fit(context: Context, model: ModelRecord, provided: Mapping[str, Any]) -> MemoryFit | None:
    """Estimate the memory that a model needs with the provided load settings.

    Return None if the file's header cannot be read or the model does not accept the settings.
    """
    if model.facts is None:
        return None
    try:
        return await context.models.fit(model.id, LoadRequest(**provided) if provided else None)
    except InvalidInput:
        return None


async def load_model(
    context: Context,
    model_id: ModelId,
    settings: Mapping[str, Any] | None,
    make_default: bool,
    force: bool,
) -> ModelRecord:
    """Start to load a model; `modelEvents` reports its progress.

    Raises `NotFound` for an unknown id, `InvalidInput` for a setting that is out of range, `Conflict` if a model is being
    loaded or unloaded or if answers use a loaded model, and, without `force`, `InsufficientMemory` if the model does not
    fit into memory.
    """
    return await context.models.load_model(model_id, _load_request(settings, "settings"), make_default, force)


async def unload_model(context: Context, model_id: ModelId) -> ModelRecord:
    """Remove a model from memory. Raises `NotFound` for an unknown id, and `Conflict` if answers use the model."""
    return await context.models.unload_model(model_id)


async def update_model_settings(
    context: Context,
    model_id: ModelId,
    load: Mapping[str, Any] | None,
    sampling: Mapping[str, Any] | None,
    reload: bool,
) -> SettingsOutcome:
    """Change load and sampling settings. Omitted settings keep their value.

    Null restores a sampling setting's default, and removes the value of a setting without one, such as the seed.

    Raises `NotFound` for an unknown id, `InvalidInput` for a setting that is out of range, `ModelNotReady` if the model is
    being loaded or unloaded, and `InsufficientMemory` if it would not fit into memory with the settings.
    """
    changed, removed = None, tuple[str, ...]()
    if sampling:
        defaults = {each.name: each.default for each in context.models.parameters(context.models.get(model_id))}
        values = {name: defaults.get(name) if value is None else value for name, value in sampling.items()}
        changed = apply_sampling(None, values)
        removed = tuple(name for name, value in values.items() if value is None)
    return await context.models.update_model_settings(model_id, _load_request(load, "load"), changed, reload, removed)


async def delete_model(context: Context, model_id: ModelId) -> int:
    """Delete a model's files and return the number of bytes freed.

    Raises `NotFound` for an unknown id, and `Conflict` if the model is bundled or in memory, or if a file cannot be
    deleted.
    """
    return await context.models.delete_model(model_id)


def _load_request(provided: Mapping[str, Any] | None, field: str) -> LoadRequest | None:
    """Return the provided load settings; None without any. Raises `InvalidInput` for one that is null."""
    if not provided:
        return None
    reject_null(provided, *provided, parent=field)
    return LoadRequest(**provided)


async def stream_model_events(context: Context, model_id: ModelId | None) -> AsyncGenerator[Change[ModelRecord], None]:
    """Return a snapshot and then every change of one model, or of all if the id is None. Raises `NotFound` at once."""
    if model_id is not None:
        context.models.get(model_id)
    return stream(context.models.watch_models(model_id))
