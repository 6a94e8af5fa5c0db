"""How records become the graph's types, and inputs what resolvers take."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from strawberry import UNSET
from strawberry.types import has_object_definition

Made = TypeVar("Made")


def made_from(kind: type[Made], source: object, /, **given: Any) -> Made:
    """A Strawberry type with what is given, and the rest from the source's attributes of the same names."""
    for name in _attributes(kind):  # type: ignore[arg-type]  # mypy takes a type variable's type for unhashable
        if name not in given:
            given[name] = getattr(source, name)
    return kind(**given)


@cache
def _attributes(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def given(input: object) -> dict[str, Any]:
    """The fields of an input that the client sent, nested ones too."""
    sent = ((field.name, getattr(input, field.name)) for field in dataclasses.fields(input))  # type: ignore[arg-type]
    return {name: given(value) if _is_input(value) else value for name, value in sent if value is not UNSET}


def _is_input(value: object) -> bool:
    return has_object_definition(value) and not isinstance(value, type)


Value = TypeVar("Value")


def or_none(value: Value | None) -> Value | None:
    """What was not sent, as null."""
    return None if value is UNSET else value


def tuple_or_none(values: Sequence[Value] | None) -> tuple[Value, ...] | None:
    """A list that may not have been sent."""
    return None if values is None or values is UNSET else tuple(values)
