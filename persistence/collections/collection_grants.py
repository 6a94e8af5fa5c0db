"""Storage of the access of users and groups to collections."""

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import collections_of, scope_filter
from persistence.collections.collection_queries import LEVELS, require_collections
from persistence.database.collection_tables import CollectionGrant
from persistence.database.database import Database
from persistence.database.json_columns import json_array, now
from persistence.database.keyset_pages import Listing, count, page
from persistence.database.sqlite import fetch
from records.access import AccessLevel, AccessScope, GrantRecord, Principals
from records.errors import NotFound
from records.ids import CollectionId, GrantId, GroupId, UserId
from records.page import Page, PageRequest

_OF_MANAGED = """
    SELECT id FROM collection_grants WHERE id IN (SELECT value FROM json_each(?)) AND collection_id IN ({managed})
"""
_USERS = "SELECT id FROM users WHERE id IN (SELECT value FROM json_each(?)) AND {}"
_GROUPS = "SELECT id FROM groups WHERE id IN (SELECT value FROM json_each(?)) AND {}"


class Grants:
    """Implements `services.interfaces.access.grant_store.GrantStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_many(self, scope: AccessScope, ids: Sequence[GrantId]) -> Mapping[GrantId, GrantRecord]:
        managed = collections_of(scope, AccessLevel.MANAGE)
        query = _OF_MANAGED.format(managed=managed.sql)
        async with self._database.snapshot() as reader:
            rows = await fetch(reader, query, [json_array(ids), *managed.values])
            found = await _load(reader, [row[0] for row in rows])
        return {record.id: record for record in found.values()}

    async def page(self, scope: AccessScope, collection_id: CollectionId, request: PageRequest) -> Page[GrantRecord]:
        async with self._database.snapshot() as reader:
            await require_collections(reader, scope, [collection_id], AccessLevel.MANAGE)
            return await page(reader, _listing(collection_id), request, _load)

    async def count(self, scope: AccessScope, collection_id: CollectionId) -> int:
        async with self._database.snapshot() as reader:
            await require_collections(reader, scope, [collection_id], AccessLevel.MANAGE)
            return await count(reader, _listing(collection_id))

    async def grant(
        self, scope: AccessScope, collection_id: CollectionId, principals: Principals, level: AccessLevel
    ) -> None:
        common = {"collection_id": collection_id, "rank": level.rank, "granter_id": scope.user_id, "granted_at": now()}
        async with self._database.writing() as transaction:
            await require_collections(transaction, scope, [collection_id], AccessLevel.MANAGE)
            await _require_principals(transaction, scope, principals)
            await _revoke(transaction, collection_id, principals)
            for user_id in principals.user_ids:
                await CollectionGrant.create(using_db=transaction, user_id=user_id, **common)
            for group_id in principals.group_ids:
                await CollectionGrant.create(using_db=transaction, group_id=group_id, **common)

    async def revoke(self, scope: AccessScope, collection_id: CollectionId, principals: Principals) -> None:
        async with self._database.writing() as transaction:
            await require_collections(transaction, scope, [collection_id], AccessLevel.MANAGE)
            await _require_principals(transaction, scope, principals)
            await _revoke(transaction, collection_id, principals)


async def _require_principals(client: BaseDBAsyncClient, scope: AccessScope, principals: Principals) -> None:
    """Raise `NotFound` for the first user or group outside of the scope."""
    users, groups = scope_filter(scope, "users"), scope_filter(scope, "groups")
    found = await fetch(client, _USERS.format(users.sql), [json_array(principals.user_ids), *users.values])
    known = {row[0] for row in found}
    for user_id in principals.user_ids:
        if user_id not in known:
            raise NotFound("user", user_id)
    found = await fetch(client, _GROUPS.format(groups.sql), [json_array(principals.group_ids), *groups.values])
    known = {row[0] for row in found}
    for group_id in principals.group_ids:
        if group_id not in known:
            raise NotFound("group", group_id)


async def _revoke(transaction: BaseDBAsyncClient, collection_id: CollectionId, principals: Principals) -> None:
    grants = CollectionGrant.filter(collection_id=collection_id)
    await grants.filter(user_id__in=list(principals.user_ids)).using_db(transaction).delete()
    await grants.filter(group_id__in=list(principals.group_ids)).using_db(transaction).delete()


async def _load(client: BaseDBAsyncClient, ids: Sequence[int]) -> dict[int, GrantRecord]:
    rows = await CollectionGrant.filter(id__in=list(ids)).using_db(client)
    return {row.id: _to_record(row) for row in rows}


def _listing(collection_id: CollectionId) -> Listing:
    return Listing(
        order="grants", source="collection_grants", key="collection_grants.id", id="collection_grants.id", key_type=int,
        where="collection_grants.collection_id = ?", values=(collection_id,),
    )  # fmt: skip


def _to_record(row: CollectionGrant) -> GrantRecord:
    return GrantRecord(
        id=GrantId(row.id),
        user_id=None if row.user_id is None else UserId(row.user_id),
        group_id=None if row.group_id is None else GroupId(row.group_id),
        level=LEVELS[row.rank],
        granter_id=None if row.granter_id is None else UserId(row.granter_id),
        granted_at=row.granted_at,
    )
