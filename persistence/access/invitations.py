"""Storage of invitations."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import role_filter
from persistence.access.users import find_invitation
from persistence.database.access_tables import Invitation
from persistence.database.collection_tables import Group, InvitationGroup
from persistence.database.database import Database
from persistence.database.json_columns import now
from persistence.database.keyset_pages import Listing, count, page
from records.access import AccessScope, InvitationRecord, Role
from records.errors import NotFound
from records.ids import GroupId, InvitationId, UserId
from records.page import Page, PageRequest
from records.values.text import comparison_key

ADMINS = (Role.ADMIN, Role.SUPERADMIN)


class Invitations:
    """Implements `services.interfaces.access.invitation_store.InvitationStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        scope: AccessScope,
        digest: str,
        email: str | None,
        role: Role,
        expires_at: datetime,
        group_ids: Sequence[GroupId],
    ) -> InvitationRecord:
        async with self._database.writing() as transaction:
            row = await Invitation.create(
                using_db=transaction, digest=digest, email=email, email_key=email and comparison_key(email),
                role=role.value, inviter_id=scope.user_id, created_at=now(), expires_at=expires_at,
            )  # fmt: skip
            groups = await Group.filter(id__in=list(group_ids)).only("id").using_db(transaction)
            known = {group.id for group in groups}
            for group_id in group_ids:
                if group_id not in known:
                    raise NotFound("group", group_id)
                await InvitationGroup.create(using_db=transaction, invitation_id=row.id, group_id=group_id)
            return (await _load(transaction, scope, [row.id]))[row.id]

    async def find_valid(self, digest: str) -> InvitationRecord | None:
        async with self._database.snapshot() as reader:
            row = await find_invitation(reader, digest)
        return None if row is None else _to_record(row, ())

    async def find_many(
        self, scope: AccessScope, ids: Sequence[InvitationId]
    ) -> Mapping[InvitationId, InvitationRecord]:
        async with self._database.reading() as reader:
            found = await _load(reader, scope, ids)
        return {record.id: record for record in found.values()}

    async def page(self, scope: AccessScope, request: PageRequest) -> Page[InvitationRecord]:
        async with self._database.snapshot() as reader:
            return await page(reader, _listing(scope), request, lambda client, ids: _load(client, scope, ids))

    async def count(self, scope: AccessScope) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _listing(scope))

    async def delete(self, scope: AccessScope, invitation_id: InvitationId) -> InvitationRecord:
        async with self._database.writing() as transaction:
            found = await _load(transaction, scope, [invitation_id])
            if invitation_id not in found:
                raise NotFound("invitation", invitation_id)
            await Invitation.filter(id=invitation_id).using_db(transaction).delete()
        return found[invitation_id]


def _listing(scope: AccessScope) -> Listing:
    return Listing(
        order="invitations", source="invitations", key="invitations.created_at", id="invitations.id", key_type=str,
        where=role_filter(scope, *ADMINS).sql, descending=True,
    )  # fmt: skip


async def _load(client: BaseDBAsyncClient, scope: AccessScope, ids: Sequence[int]) -> dict[int, InvitationRecord]:
    """Return the invitations of the scope among `ids`, by id."""
    included = role_filter(scope, *ADMINS).apply(Invitation.filter(id__in=list(ids)))
    rows = await included.using_db(client).prefetch_related("groups")
    return {row.id: _to_record(row, [GroupId(each.group_id) for each in row.groups]) for row in rows}


def _to_record(row: Invitation, group_ids: Sequence[GroupId]) -> InvitationRecord:
    return InvitationRecord(
        id=InvitationId(row.id),
        email=row.email,
        role=Role(row.role),
        inviter_id=None if row.inviter_id is None else UserId(row.inviter_id),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        group_ids=tuple(group_ids),
    )
