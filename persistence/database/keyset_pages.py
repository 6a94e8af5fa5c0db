"""Keyset pages after the Relay specification: a cursor holds a row's place in its list's order, not a count of rows.

A cursor of another list, of another order or of nobody gives an empty page.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.sqlite import fetch, fetch_value
from records.page import Page, PageRequest

Item = TypeVar("Item")
Place = tuple[Any, int]
"""The value that the list is ordered by, and the id that breaks ties."""


class Order(Protocol):
    """`records.filters.Order`."""

    @property
    def field(self) -> str: ...
    @property
    def descending(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class By:
    """An `Order`."""

    field: str
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as SQL: rows of `source` where `where` holds, ordered by `key` and then `id`, both in one direction."""

    order: str
    "Names list and order; cursors carry it."
    source: str
    key: str
    id: str
    kind: type
    "Python's type of the key."
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
    """`load` gives the items of some ids. To be called with one snapshot."""
    try:
        after, before = _decode(listing, request.after), _decode(listing, request.before)
    except _Foreign:
        return Page((), (), False, False)
    places = await _places(client, listing, request, after, before)
    first, last = (places[0], places[-1]) if places else (None, None)
    items = await load(client, [place[1] for place in places])
    return Page(
        items=tuple(items[place[1]] for place in places),
        cursors=tuple(_encode(listing, place) for place in places),
        has_previous=await _exists(client, listing, "<", first) if first else await _at(client, listing, "<=", after),
        has_next=await _exists(client, listing, ">", last) if last else await _at(client, listing, ">=", before),
    )


async def count(client: BaseDBAsyncClient, listing: Listing) -> int:
    query = f"SELECT count(*) FROM {listing.source} WHERE {listing.where}"  # noqa: S608  # our own parts
    return int(await fetch_value(client, query, listing.values))


class _Foreign(Exception):
    """A cursor that is not of this list."""


async def _places(
    client: BaseDBAsyncClient, listing: Listing, request: PageRequest, after: Place | None, before: Place | None
) -> list[Place]:
    conditions, values = [f"({listing.where})"], list(listing.values)
    for place, sign in ((after, ">"), (before, "<")):
        if place is not None:
            conditions.append(_compared(listing, sign))
            values += place
    backwards = request.last is not None
    limit = request.last if request.last is not None else request.first
    direction = "DESC" if listing.descending != backwards else "ASC"
    query = (
        f"SELECT {listing.key}, {listing.id} FROM {listing.source} WHERE {' AND '.join(conditions)}"  # noqa: S608
        f" ORDER BY {listing.key} {direction}, {listing.id} {direction} LIMIT ?"
    )
    rows = await fetch(client, query, [*values, limit])
    places: list[Place] = [(row[0], row[1]) for row in rows]
    return places[::-1] if backwards else places


async def _at(client: BaseDBAsyncClient, listing: Listing, sign: str, place: Place | None) -> bool:
    """On an empty page: whether anything stands at the cursor that bounds it, or behind it."""
    return place is not None and await _exists(client, listing, sign, place)


async def _exists(client: BaseDBAsyncClient, listing: Listing, sign: str, place: Place) -> bool:
    query = f"SELECT 1 FROM {listing.source} WHERE ({listing.where}) AND {_compared(listing, sign)} LIMIT 1"  # noqa: S608
    return bool(await fetch_value(client, query, [*listing.values, *place]))


def _compared(listing: Listing, sign: str) -> str:
    """`sign` is in the list's direction: `>` is further on."""
    if listing.descending:
        sign = sign.translate(str.maketrans("<>", "><"))
    return f"({listing.key}, {listing.id}) {sign} (?, ?)"


def _encode(listing: Listing, place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(_Cursor(listing.order, *place))).decode().rstrip("=")


def _decode(listing: Listing, text: str | None) -> Place | None:
    if text is None:
        return None
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.msgpack.decode(packed, type=_Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as foreign:
        raise _Foreign from foreign
    if cursor.order != listing.order or not isinstance(cursor.key, listing.kind) or abs(cursor.id) >= 1 << 63:
        raise _Foreign
    return cursor.key, cursor.id
