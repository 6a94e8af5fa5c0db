"""Conversion of values to the text of columns and back: JSON and times."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

import msgspec

from records.values.text import encodable

Part = TypeVar("Part")


def pack(part: object) -> str:
    """Return a part of a record as JSON."""
    return msgspec.json.encode(part).decode()


def pack_or_none(part: object | None) -> str | None:
    return None if part is None else pack(part)


@overload
def unpack(text: str, kind: type[Part]) -> Part: ...
@overload
def unpack(text: str | None, kind: type[Part]) -> Part | None: ...
def unpack(text: str | None, kind: type[Part]) -> Part | None:
    """Return the value of type `kind` that JSON describes. Unknown fields are ignored; missing ones have their defaults."""
    return None if text is None else msgspec.json.decode(text, type=kind)


def pack_any(value: Any) -> str | None:
    """Serialize a JSON value. Numbers may have any size; unpaired surrogates are written as escapes.

    Returns None for None: the column is NULL, not the text `null`.
    """
    return None if value is None else json.dumps(value, separators=(",", ":"))


def unpack_any(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def json_array(values: Iterable[str | int]) -> str:
    """Return values as one JSON array, which SQL reads by `json_each`: a query has a limited number of parameters."""
    return pack([encodable(value) if isinstance(value, str) else value for value in values])


def now() -> datetime:
    return datetime.now(UTC)


def parse_time(text: str | None) -> datetime | None:
    """Return the time that a column contains, for queries without a model."""
    return None if text is None else datetime.fromisoformat(text)


def stamp(moment: datetime) -> str:
    """Return a time as Tortoise stores it. These texts sort in the order of the times."""
    return moment.astimezone(UTC).isoformat(" ")
