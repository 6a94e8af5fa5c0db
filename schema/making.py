"""How records become the graph's types, and inputs what resolvers take."""

import dataclasses
from functools import cache
from typing import Any, TypeVar

from strawberry import UNSET

Made = TypeVar("Made")


def made_from(kind: type[Made], record: object, **given: Any) -> Made:
    """A Strawberry type with what is given, and the rest from the record's attributes of the same names."""
    for name in _attributes(kind):
        if name not in given:
            given[name] = getattr(record, name)
    return kind(**given)


@cache
def _attributes(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def given(input: object) -> dict[str, Any]:
    """The fields of an input that the client sent, nested ones too; lists as tuples."""
    sent = ((field.name, getattr(input, field.name)) for field in dataclasses.fields(input))  # type: ignore[arg-type]
    return {name: _plain(value) for name, value in sent if value is not UNSET}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and hasattr(value, "__strawberry_definition__"):
        return given(value)
    return tuple(value) if isinstance(value, list) else value


Value = TypeVar("Value")


def or_none(value: Value | None) -> Value | None:
    """What was not sent, as null."""
    return None if value is UNSET else value
