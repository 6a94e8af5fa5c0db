"""Storage of groups of users."""

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter
from persistence.database.access_tables import User
from persistence.database.collection_tables import Group, GroupMember
from persistence.database.database import Database
from persistence.database.json_columns import now
from persistence.database.keyset_pages import Listing, count, page
from records.access import AccessScope, GroupRecord
from records.errors import Conflict, NotFound
from records.ids import GroupId, UserId
from records.page import Page, PageRequest
from records.values.text import comparison_key, encodable


class Groups:
    """Implements `services.interfaces.access.group_store.GroupStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, scope: AccessScope, name: str, member_ids: Sequence[UserId]) -> GroupRecord:
        async with self._database.writing() as transaction:
            await _require_new_name(transaction, name, None)
            row = await Group.create(
                using_db=transaction, name=encodable(name), name_key=comparison_key(name), created_at=now()
            )
            await _set_members(transaction, row.id, member_ids)
            return await _get(transaction, scope, GroupId(row.id))

    async def find_many(self, scope: AccessScope, ids: Sequence[GroupId]) -> Mapping[GroupId, GroupRecord]:
        async with self._database.reading() as reader:
            found = await _load(reader, scope, ids)
        return {record.id: record for record in found.values()}

    async def page(self, scope: AccessScope, request: PageRequest) -> Page[GroupRecord]:
        async with self._database.snapshot() as reader:
            return await page(reader, _listing(scope), request, lambda client, ids: _load(client, scope, ids))

    async def count(self, scope: AccessScope) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _listing(scope))

    async def update(
        self, scope: AccessScope, group_id: GroupId, *, name: str | None, member_ids: Sequence[UserId] | None
    ) -> GroupRecord:
        async with self._database.writing() as transaction:
            await _get(transaction, scope, group_id)
            if name is not None:
                await _require_new_name(transaction, name, group_id)
                columns = {"name": encodable(name), "name_key": comparison_key(name)}
                await Group.filter(id=group_id).using_db(transaction).update(**columns)
            if member_ids is not None:
                await GroupMember.filter(group_id=group_id).using_db(transaction).delete()
                await _set_members(transaction, group_id, member_ids)
            return await _get(transaction, scope, group_id)

    async def delete(self, scope: AccessScope, group_id: GroupId) -> GroupRecord:
        async with self._database.writing() as transaction:
            group = await _get(transaction, scope, group_id)
            await Group.filter(id=group_id).using_db(transaction).delete()
        return group

    async def of_user(self, scope: AccessScope, user_id: UserId) -> tuple[GroupRecord, ...]:
        async with self._database.snapshot() as reader:
            memberships = await GroupMember.filter(user_id=user_id).using_db(reader)
            found = await _load(reader, scope, [each.group_id for each in memberships])
        return tuple(sorted(found.values(), key=lambda group: comparison_key(group.name)))

    async def set_of_user(self, scope: AccessScope, user_id: UserId, group_ids: Sequence[GroupId]) -> None:
        async with self._database.writing() as transaction:
            known = await _load(transaction, scope, group_ids)
            for group_id in group_ids:
                if group_id not in known:
                    raise NotFound("group", group_id)
            await GroupMember.filter(user_id=user_id).using_db(transaction).delete()
            for group_id in group_ids:
                await GroupMember.create(using_db=transaction, group_id=group_id, user_id=user_id)


async def _get(client: BaseDBAsyncClient, scope: AccessScope, group_id: GroupId) -> GroupRecord:
    found = await _load(client, scope, [group_id])
    if group_id not in found:
        raise NotFound("group", group_id)
    return found[group_id]


async def _require_new_name(client: BaseDBAsyncClient, name: str, group_id: GroupId | None) -> None:
    """Raise `Conflict` if another group has the name."""
    others = Group.filter(name_key=comparison_key(name)).exclude(id=group_id or 0)
    if await others.using_db(client).exists():
        raise Conflict("There is a group with this name.", field="name")


async def _set_members(transaction: BaseDBAsyncClient, group_id: int, member_ids: Sequence[UserId]) -> None:
    """Add members to a group without members. Raises `NotFound` for an unknown user."""
    rows = await User.filter(id__in=list(member_ids)).only("id").using_db(transaction)
    known = {row.id for row in rows}
    for user_id in dict.fromkeys(member_ids):
        if user_id not in known:
            raise NotFound("user", user_id)
        await GroupMember.create(using_db=transaction, group_id=group_id, user_id=user_id)


async def _load(client: BaseDBAsyncClient, scope: AccessScope, ids: Sequence[int]) -> dict[int, GroupRecord]:
    """Return the groups of the scope among `ids`, by id."""
    included = scope_filter(scope, "groups")
    rows = await included.apply(Group.filter(id__in=list(ids))).using_db(client)
    return {row.id: GroupRecord(GroupId(row.id), row.name, row.created_at) for row in rows}


def _listing(scope: AccessScope) -> Listing:
    included = scope_filter(scope, "groups")
    return Listing(
        order="groups", source="groups", key="groups.name_key", id="groups.id", key_type=str,
        where=included.sql, values=included.values,
    )  # fmt: skip
