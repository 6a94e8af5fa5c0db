"""Settings whose unset fields (None) are inherited from other settings."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from records.model import LoadRequest
from records.session import SamplingSettings, SessionSettings

Settings = TypeVar("Settings", SessionSettings, SamplingSettings, LoadRequest)


def overlay(over: Settings, under: Settings) -> Settings:
    """Return every field that is set in `over`, and the others from `under`."""
    return replace(under, **set_fields(over))


def set_fields(settings: SessionSettings | SamplingSettings | LoadRequest) -> dict[str, Any]:
    """Return the fields that are not None, by name."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {name: value for name, value in values.items() if value is not None}
