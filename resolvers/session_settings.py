"""Changes of the settings of answers. An omitted field keeps its value; null removes it, so that it is inherited."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from records.errors import InvalidInput
from records.session import SamplingSettings, SessionSettings
from resolvers.chunks import MAX_TOP_K
from resolvers.pages import clamp
from resolvers.request_context import Context
from resolvers.validation import MAX_SYSTEM_PROMPT_LENGTH, check_fraction, check_text

MAX_HISTORY_PAIRS = 1_000
FIELD = "settings"


def apply_settings(context: Context, current: SessionSettings, changes: Mapping[str, Any]) -> SessionSettings:
    """Return the settings with the changes applied. Raises `InvalidInput`, and `NotFound` for an unknown model."""
    changed = dict(changes)
    if "sampling" in changed:
        changed["sampling"] = apply_sampling(current.sampling, changed["sampling"])
    if changed.get("top_k") is not None:
        changed["top_k"] = clamp(changed["top_k"], 1, MAX_TOP_K)
    settings = replace(current, **changed)
    _check(context, settings)
    return settings


def apply_sampling(current: SamplingSettings | None, changes: Mapping[str, Any] | None) -> SamplingSettings | None:
    """Return the sampling settings with the changes applied. If `changes` is None, return None: all values are inherited."""
    if changes is None:
        return None
    changed = dict(changes)
    if changed.get("stop") is not None:
        changed["stop"] = tuple(changed["stop"])
    return replace(current or SamplingSettings(), **changed)


def _check(context: Context, settings: SessionSettings) -> None:
    if settings.system_prompt:
        check_text(settings.system_prompt, MAX_SYSTEM_PROMPT_LENGTH, f"{FIELD}.system_prompt")
    check_fraction(settings.min_similarity, f"{FIELD}.min_similarity")
    if settings.history_pairs is not None and not 0 <= settings.history_pairs <= MAX_HISTORY_PAIRS:
        message = f"{{field}} must be between 0 and {MAX_HISTORY_PAIRS:,}."
        raise InvalidInput(message, field=f"{FIELD}.history_pairs")
    if settings.model_id is not None:
        context.models.get(settings.model_id)
    model_id = settings.model_id or context.models.default_id()
    if settings.sampling is not None and model_id is not None:
        context.models.check_sampling(model_id, settings.sampling, f"{FIELD}.sampling")
