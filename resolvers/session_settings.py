"""Changes of what answers are made with: only what was given changes, null goes back to what is inherited."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from records.errors import InvalidInput
from records.session import SamplingSettings, SessionSettings
from resolvers.context import Context
from resolvers.pages import clamp
from resolvers.search import MAX_TOP_K
from resolvers.validation import MAX_SYSTEM_PROMPT, check_fraction, check_text

MAX_HISTORY_PAIRS = 1_000
FIELD = "settings"


def changed_settings(context: Context, current: SessionSettings, changes: Mapping[str, Any]) -> SessionSettings:
    """Raises `InvalidInput`, and `NotFound` for a model that is not there."""
    given = dict(changes)
    if "sampling" in given:
        given["sampling"] = changed_sampling(current.sampling, given["sampling"])
    if given.get("top_k") is not None:
        given["top_k"] = clamp(given["top_k"], 1, MAX_TOP_K)
    settings = replace(current, **given)
    _check(context, settings)
    return settings


def changed_sampling(current: SamplingSettings | None, changes: Mapping[str, Any] | None) -> SamplingSettings | None:
    """None, for null, inherits everything again."""
    if changes is None:
        return None
    given = dict(changes)
    if given.get("stop") is not None:
        given["stop"] = tuple(given["stop"])
    return replace(current or SamplingSettings(), **given)


def _check(context: Context, settings: SessionSettings) -> None:
    if settings.system_prompt:
        check_text(settings.system_prompt, MAX_SYSTEM_PROMPT, "The system prompt", f"{FIELD}.system_prompt")
    check_fraction(settings.min_similarity, "minSimilarity", f"{FIELD}.min_similarity")
    if settings.history_pairs is not None and not 0 <= settings.history_pairs <= MAX_HISTORY_PAIRS:
        raise InvalidInput(f"historyPairs is 0 to {MAX_HISTORY_PAIRS:,}.", field=f"{FIELD}.history_pairs")
    if settings.model_id is not None:
        context.models.get(settings.model_id)
    model_id = settings.model_id or context.models.default_id()
    if settings.sampling is not None and model_id is not None:
        context.models.check_sampling(model_id, settings.sampling, f"{FIELD}.sampling")
