"""Parts of records as JSON text in a column, and back: typed by the records themselves."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

import msgspec

from records.values.text import encodable

Part = TypeVar("Part")


def pack(part: object) -> str:
    return msgspec.json.encode(part).decode()


def pack_or_none(part: object | None) -> str | None:
    return None if part is None else pack(part)


@overload
def unpack(text: str, kind: type[Part]) -> Part: ...
@overload
def unpack(text: str | None, kind: type[Part]) -> Part | None: ...
def unpack(text: str | None, kind: type[Part]) -> Part | None:
    """Unknown names are passed over and missing ones get their defaults: an older or newer writer does no harm."""
    return None if text is None else msgspec.json.decode(text, type=kind)


def pack_any(value: Any) -> str | None:
    """Any JSON value, with numbers of any size and characters of any kind."""
    return None if value is None else json.dumps(value, separators=(",", ":"))


def unpack_any(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def json_array(values: Iterable[str | int]) -> str:
    """A list as one value: SQL reads it by `json_each`, however long it is."""
    return pack([encodable(value) if isinstance(value, str) else value for value in values])


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A time as Tortoise writes it: such texts sort like the times."""
    return moment.astimezone(UTC).isoformat(" ")
