"""What an answer is made with where nobody says otherwise."""

from dataclasses import fields, replace
from typing import Any

from records.model import LoadRequest
from records.session import SamplingSettings

USUAL_CONTEXT = 8192
"""The context length of a model that was trained on more, until someone asks for more."""

MOST_SEQUENCES = 32
PARALLEL_SEQUENCES = 8
"""Answers at once. They share the context's cells, so more of them take no more memory."""

SAMPLING = SamplingSettings(
    max_tokens=512,
    temperature=0.7,
    top_p=0.95,
    top_k=40,
    min_p=0.05,
    repeat_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
    deterministic=False,
)


def inherit(over: SamplingSettings, under: SamplingSettings) -> SamplingSettings:
    """Every setting of `over` that is set, the rest from `under`."""
    return replace(under, **_given(over))


def inherit_load(over: LoadRequest, under: LoadRequest) -> LoadRequest:
    return replace(under, **_given(over))


def _given(settings: SamplingSettings | LoadRequest) -> dict[str, Any]:
    named = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {name: value for name, value in named.items() if value is not None}
