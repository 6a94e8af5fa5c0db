"""Conversion of records to GraphQL types, and of GraphQL inputs to the values that resolvers accept."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from strawberry import UNSET
from strawberry.types import has_object_definition

Output = TypeVar("Output")


def from_record(kind: type[Output], record: object, /, **fields: Any) -> Output:
    """Return a Strawberry type with the given fields; take every other field from the record's attribute of its name."""
    for name in _field_names(kind):  # type: ignore[arg-type]  # mypy regards the type of a type variable as unhashable
        if name not in fields:
            fields[name] = getattr(record, name)
    return kind(**fields)


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def provided_fields(input: object) -> dict[str, Any]:
    """Return the fields of an input that the client sent, nested inputs included."""
    values = ((field.name, getattr(input, field.name)) for field in dataclasses.fields(input))  # type: ignore[arg-type]
    return {name: provided_fields(value) if _is_input(value) else value for name, value in values if value is not UNSET}


def _is_input(value: object) -> bool:
    return has_object_definition(value) and not isinstance(value, type)


Value = TypeVar("Value")


def or_none(value: Value | None) -> Value | None:
    """Return the value of an optional argument; None if the client did not send it."""
    return None if value is UNSET else value


def tuple_or_none(values: Sequence[Value] | None) -> tuple[Value, ...] | None:
    """Return the items of an optional list as a tuple; None if the client did not send it or sent null."""
    return None if values is None or values is UNSET else tuple(values)
