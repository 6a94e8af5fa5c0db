"""Queries of collections with the level of the user who reads them, and checks of that level."""

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import collections_of, scope_filter
from persistence.database.collection_tables import Collection
from persistence.database.json_columns import json_array, unpack
from persistence.database.sqlite import batches, fetch
from records.access import AccessLevel, AnyScope, CollectionRecord, CollectionSetting, SystemScope
from records.errors import Forbidden, NotFound
from records.ids import CollectionId, UserId
from records.session import SessionSettings

LEVELS = dict(enumerate(AccessLevel, start=1))
"""The levels by their rank."""

_LEVELS_OF_USER = """
    SELECT collection_id, max(rank) FROM user_collections
    WHERE user_id = ? AND collection_id IN (SELECT value FROM json_each(?)) GROUP BY collection_id
"""


async def load_collections(
    client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[int]
) -> dict[int, CollectionRecord]:
    """Return the collections of the scope among `ids`, by id. `client` is a transaction or one of `Database.snapshot`."""
    included = scope_filter(scope, "collections")
    rows: list[Collection] = []
    for batch in batches(ids):
        rows += await included.apply(Collection.filter(id__in=batch)).using_db(client)
    levels = await _levels(client, scope, [row.id for row in rows])
    return {row.id: _to_record(row, levels[row.id]) for row in rows}


async def _levels(client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[int]) -> Mapping[int, AccessLevel]:
    """Return the user's level in each of these collections, which the scope includes."""
    if isinstance(scope, SystemScope) or scope.is_admin or not ids:
        return dict.fromkeys(ids, AccessLevel.MANAGE)
    rows = await fetch(client, _LEVELS_OF_USER, [scope.user_id, json_array(ids)])
    return {row[0]: LEVELS[row[1]] for row in rows}


async def load_collection(client: BaseDBAsyncClient, scope: AnyScope, collection_id: CollectionId) -> CollectionRecord:
    """Return a collection. Raises `NotFound`."""
    found = await load_collections(client, scope, [collection_id])
    if collection_id not in found:
        raise NotFound("collection", collection_id)
    return found[collection_id]


async def require_collections(
    client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[CollectionId], level: AccessLevel = AccessLevel.READ
) -> None:
    """Raise `NotFound` for the first collection outside of the scope, and `Forbidden` without the level in one of them."""
    visible = await _permitted(client, scope, ids, AccessLevel.READ)
    for collection_id in ids:
        if collection_id not in visible:
            raise NotFound("collection", collection_id)
    if level is not AccessLevel.READ and not visible <= await _permitted(client, scope, ids, level):
        raise Forbidden(f"You need the access level {level.value} in the collection.")


async def _permitted(
    client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[CollectionId], level: AccessLevel
) -> set[int]:
    """Return the collections among `ids` in which the user has at least the level."""
    permitted = collections_of(scope, level)
    query = f"SELECT value FROM json_each(?) WHERE value IN ({permitted.sql})"  # noqa: S608  # constants
    return {row[0] for row in await fetch(client, query, [json_array(ids), *permitted.values])}


def _to_record(row: Collection, level: AccessLevel) -> CollectionRecord:
    return CollectionRecord(
        id=CollectionId(row.id),
        name=row.name,
        description=row.description,
        settings=unpack(row.settings, SessionSettings),
        hides_system_prompt=row.hides_system_prompt,
        locked=unpack(row.locked, tuple[CollectionSetting, ...]),
        level=level,
        creator_id=None if row.creator_id is None else UserId(row.creator_id),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
