"""Queries of collections and groups."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from records.access import CollectionFilter
from resolvers import collections
from schema.collections.types import Collection, CollectionAccess, Group
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.info import Info
from schema.common.mapping import or_none


async def find_collection(info: Info, global_id: str) -> Collection | None:
    key = global_ids.COLLECTION.find_key(global_id)
    record = None if key is None else await info.context.loaders.collections.load(key)
    return None if record is None else Collection.from_record(record)


async def find_group(info: Info, global_id: str) -> Group | None:
    key = global_ids.GROUP.find_key(global_id)
    record = None if key is None else await info.context.loaders.groups.load(key)
    return None if record is None else Group.from_record(record)


async def find_collection_access(info: Info, global_id: str) -> CollectionAccess | None:
    key = global_ids.COLLECTION_ACCESS.find_key(global_id)
    ids = [] if key is None else [key]
    found = await info.context.collections.stores.grants.find_many(info.context.scope, ids)
    return next((CollectionAccess.from_record(record) for record in found.values()), None)


@strawberry.type
class CollectionQueries:
    @strawberry.field(description="Return a collection by its id; null for an unknown id.")
    async def collection(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the collection.")]
    ) -> Collection | None:
        return await find_collection(info, id)

    @strawberry.field(
        description="List the collections to which the viewer has access, by name. Administrators see all collections."
    )
    async def collections(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        name_contains: Annotated[
            str | None, strawberry.argument(description="Collections whose name contains this text, ignoring case.")
        ] = UNSET,
    ) -> Connection[Collection]:
        matching, request = CollectionFilter(or_none(name_contains)), paging(first, after, last, before)
        return connect(await collections.list_collections(info.context, matching, request), Collection.from_record)

    @strawberry.field(
        description="List groups by name: all for administrators and for users who manage a collection, otherwise those of "
        "the viewer."
    )
    async def groups(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[Group]:
        request = paging(first, after, last, before)
        return connect(await collections.list_groups(info.context, request), Group.from_record)
