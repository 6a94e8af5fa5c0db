"""Keyset pages as in the GraphQL Cursor Connections Specification: a cursor is a row's position in the order of its list.

Rows that are added or deleted meanwhile do not shift pages. A cursor of another list or order, or an unknown one, returns
an empty page.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.sqlite import fetch, fetch_value
from records.page import Page, PageRequest

Item = TypeVar("Item")
Position = tuple[Any, int]
"""The key of a row, and its id, which breaks ties."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as SQL: the rows of `source` that satisfy `where`, ordered by `key` and then `id` in the same direction."""

    order: str
    "Name of the list and its order; part of every cursor."
    source: str
    key: str
    id: str
    key_type: type
    "Python type of the key."
    where: str = "1"
    values: tuple[Any, ...] = ()
    descending: bool = False


class _Cursor(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    order: str
    key: str | float | int
    id: int


async def page(
    client: BaseDBAsyncClient,
    listing: Listing,
    request: PageRequest,
    load: Callable[[BaseDBAsyncClient, Sequence[int]], Awaitable[dict[int, Item]]],
) -> Page[Item]:
    """Return a page of a list. `load` returns the items with the given ids. `client` is one of `Database.snapshot`."""
    try:
        after, before = _decode(listing, request.after), _decode(listing, request.before)
    except _ForeignCursor:
        return Page((), (), False, False)
    positions = await _positions(client, listing, request, after, before)
    items = await load(client, [position[1] for position in positions])
    return Page(
        items=tuple(items[position[1]] for position in positions),
        cursors=tuple(_encode(listing, position) for position in positions),
        has_previous=await _has_rows(client, listing, ("<", positions[0]) if positions else ("<=", after)),
        has_next=await _has_rows(client, listing, (">", positions[-1]) if positions else (">=", before)),
    )


async def count(client: BaseDBAsyncClient, listing: Listing) -> int:
    """Return the number of rows of a list."""
    query = f"SELECT count(*) FROM {listing.source} WHERE {listing.where}"  # noqa: S608  # constants
    return int(await fetch_value(client, query, listing.values))


class _ForeignCursor(Exception):
    """A cursor that does not belong to the list."""


async def _positions(
    client: BaseDBAsyncClient, listing: Listing, request: PageRequest, after: Position | None, before: Position | None
) -> list[Position]:
    """Return the positions of a page's rows."""
    conditions, values = [f"({listing.where})"], list(listing.values)
    for position, operator in ((after, ">"), (before, "<")):
        if position is not None:
            conditions.append(_comparison(listing, operator))
            values += position
    backwards = request.last is not None
    limit = request.last if request.last is not None else request.first
    direction = "DESC" if listing.descending != backwards else "ASC"
    query = (
        f"SELECT {listing.key}, {listing.id} FROM {listing.source} WHERE {' AND '.join(conditions)}"  # noqa: S608
        f" ORDER BY {listing.key} {direction}, {listing.id} {direction} LIMIT ?"
    )
    rows = await fetch(client, query, [*values, limit])
    positions: list[Position] = [(row[0], row[1]) for row in rows]
    return positions[::-1] if backwards else positions


async def _has_rows(client: BaseDBAsyncClient, listing: Listing, bound: tuple[str, Position | None]) -> bool:
    """Return whether the list has rows on one side of a position, or False if the position is None.

    `bound` consists of the side, `<` or `>`, and the position.
    """
    operator, position = bound
    if position is None:
        return False
    query = f"SELECT 1 FROM {listing.source} WHERE ({listing.where}) AND {_comparison(listing, operator)} LIMIT 1"  # noqa: S608
    return bool(await fetch_value(client, query, [*listing.values, *position]))


def _comparison(listing: Listing, operator: str) -> str:
    """Return an SQL comparison of rows with a position: in a list of any direction, `>` selects the rows behind it."""
    if listing.descending:
        operator = operator.translate(str.maketrans("<>", "><"))
    return f"({listing.key}, {listing.id}) {operator} (?, ?)"


def _encode(listing: Listing, position: Position) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(_Cursor(listing.order, *position))).decode().rstrip("=")


def _decode(listing: Listing, text: str | None) -> Position | None:
    """Return the position in a cursor, or None for None. Raises `_ForeignCursor`."""
    if text is None:
        return None
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.msgpack.decode(packed, type=_Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _ForeignCursor from error
    if cursor.order != listing.order or not isinstance(cursor.key, listing.key_type) or abs(cursor.id) >= 1 << 63:
        raise _ForeignCursor
    return cursor.key, cursor.id
