"""Storage of users, and of the accounts that log-ins are checked with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter
from persistence.database.access_tables import ApiKey, Invitation, Login, ResetCode, User
from persistence.database.database import Database
from persistence.database.json_columns import json_array, now
from persistence.database.keyset_pages import Listing, count, page
from persistence.database.sqlite import execute
from persistence.sessions.session_queries import load_session
from records.access import (
    AccessScope,
    AnyScope,
    CredentialsRecord,
    Role,
    SystemScope,
    UserFilter,
    UserRecord,
)
from records.errors import InvalidInput, NotFound
from records.ids import SessionId, UserId
from records.page import Page, PageRequest
from records.values.text import comparison_key

LOWER_ROLES: dict[Role, tuple[str, ...]] = {
    Role.SUPERADMIN: (Role.ADMIN.value, Role.USER.value), Role.ADMIN: (Role.USER.value,), Role.USER: (),
}  # fmt: skip
"""The roles below each role, as they are stored."""


_JOIN_GROUPS = """
    INSERT INTO group_members (group_id, user_id)
    SELECT group_id, ? FROM invitation_groups JOIN invitations ON invitations.id = invitation_id WHERE digest = ?
"""
_IN_GROUP = """users.id IN (
    SELECT user_id FROM group_members JOIN groups ON groups.id = group_members.group_id
    WHERE group_id = ? AND {included}
)"""


class Users:
    """Implements `services.interfaces.access.user_store.UserStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, scope: AnyScope, user_id: UserId) -> UserRecord:
        found = await self.find_many(scope, [user_id])
        if user_id not in found:
            raise NotFound("user", user_id)
        return found[user_id]

    async def find_many(self, scope: AnyScope, user_ids: Sequence[UserId]) -> Mapping[UserId, UserRecord]:
        async with self._database.reading() as reader:
            found = await _load(reader, scope, user_ids)
        return {record.id: record for record in found.values()}

    async def page(self, scope: AnyScope, filter: UserFilter, request: PageRequest) -> Page[UserRecord]:
        async with self._database.snapshot() as reader:
            return await page(
                reader, _list_users(scope, filter), request, lambda client, ids: _load(client, scope, ids)
            )

    async def count(self, scope: AnyScope, filter: UserFilter) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _list_users(scope, filter))

    async def update(
        self,
        scope: AnyScope,
        user_id: UserId,
        *,
        name: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
    ) -> UserRecord:
        changes = {"name": name, "role": role and role.value, "active": active}
        columns = {column: value for column, value in changes.items() if value is not None}
        async with self._database.writing() as transaction:
            if user_id not in await _load(transaction, scope, [user_id]):
                raise NotFound("user", user_id)
            if columns:
                await User.filter(id=user_id).using_db(transaction).update(**columns)
            return (await _load(transaction, scope, [user_id]))[user_id]

    async def set_active_session(self, scope: AccessScope, session_id: SessionId | None) -> UserRecord:
        async with self._database.writing() as transaction:
            if session_id is not None:
                await load_session(transaction, scope, session_id)
            own = User.filter(id=scope.user_id).using_db(transaction)
            await own.update(active_session_id=session_id)
            return (await _load(transaction, scope, [scope.user_id]))[scope.user_id]


class Accounts:
    """Implements `services.interfaces.access.user_store.AccountStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def superadmin(self) -> CredentialsRecord:
        async with self._database.reading() as reader:
            return _credentials(await User.get(role=Role.SUPERADMIN.value, using_db=reader))

    async def find_by_email(self, email: str) -> CredentialsRecord | None:
        return await self._find(email_key=comparison_key(email))

    async def find(self, user_id: UserId) -> CredentialsRecord | None:
        return await self._find(id=user_id)

    async def _find(self, **column: Any) -> CredentialsRecord | None:
        async with self._database.reading() as reader:
            row = await User.get_or_none(**column, using_db=reader)
        return None if row is None else _credentials(row)

    async def claim_superadmin(self, name: str, email: str, password_hash: str) -> bool:
        claimed = {"name": name, "email": email, "email_key": comparison_key(email), "password_hash": password_hash}
        async with self._database.writing() as transaction:
            unclaimed = User.filter(role=Role.SUPERADMIN.value, password_hash=None)
            is_claimed = bool(await unclaimed.using_db(transaction).update(**claimed))
            if is_claimed:
                await _erase_grants(transaction)
            return is_claimed

    async def release_superadmin(self) -> None:
        async with self._database.writing() as transaction:
            superadmin = User.filter(role=Role.SUPERADMIN.value).using_db(transaction)
            await superadmin.update(email=None, email_key=None, password_hash=None)
            await _erase_grants(transaction)

    async def create(
        self, name: str, email: str, password_hash: str, role: Role, *, active: bool, invitation: str | None
    ) -> UserRecord | None:
        key = comparison_key(email)
        async with self._database.writing() as transaction:
            if await User.filter(email_key=key).using_db(transaction).exists():
                return None
            if invitation is not None:
                await _use_invitation(transaction, invitation)
            row = await User.create(
                using_db=transaction, name=name, email=email, email_key=key, password_hash=password_hash,
                role=role.value, active=active, created_at=now(),
            )  # fmt: skip
            if invitation is not None:
                await execute(transaction, _JOIN_GROUPS, [row.id, invitation])
            return to_user(row)

    async def set_password(self, user_id: UserId, password_hash: str, *, except_login: int | None) -> None:
        async with self._database.writing() as transaction:
            await _store_password(transaction, user_id, password_hash)
            await Login.filter(user_id=user_id).exclude(id=except_login or 0).using_db(transaction).delete()

    async def rehash(self, user_id: UserId, old_hash: str, new_hash: str) -> None:
        async with self._database.writing() as transaction:
            unchanged = User.filter(id=user_id, password_hash=old_hash)
            await unchanged.using_db(transaction).update(password_hash=new_hash)

    async def set_reset_code(
        self, user_id: UserId, digest: str, expires_at: datetime, creator_id: UserId | None
    ) -> None:
        async with self._database.writing() as transaction:
            await ResetCode.filter(user_id=user_id).using_db(transaction).delete()
            await ResetCode.create(
                using_db=transaction, user_id=user_id, digest=digest, expires_at=expires_at, creator_id=creator_id
            )

    async def find_by_reset_code(self, digest: str) -> CredentialsRecord | None:
        async with self._database.snapshot() as reader:
            code = await _find_reset_code(reader, digest)
            return None if code is None else _credentials(await User.get(id=code.user_id, using_db=reader))

    async def use_reset_code(self, digest: str, password_hash: str) -> UserId | None:
        async with self._database.writing() as transaction:
            code = await _find_reset_code(transaction, digest)
            if code is None:
                return None
            await _store_password(transaction, UserId(code.user_id), password_hash)
            await Login.filter(user_id=code.user_id).using_db(transaction).delete()
        return UserId(code.user_id)

    async def set_seen(self, user_id: UserId) -> None:
        async with self._database.writing() as transaction:
            await User.filter(id=user_id).using_db(transaction).update(last_seen_at=now())


async def _find_reset_code(client: BaseDBAsyncClient, digest: str) -> ResetCode | None:
    """Return a reset code that has not expired, and whose creator is active and has a higher role than its user."""
    code = await ResetCode.get_or_none(digest=digest, expires_at__gt=now(), using_db=client)
    if code is None or code.creator_id is None:
        return code
    creator, user = (
        await User.get(id=code.creator_id, using_db=client),
        await User.get(id=code.user_id, using_db=client),
    )
    return code if creator.active and user.role in LOWER_ROLES[Role(creator.role)] else None


async def _store_password(transaction: BaseDBAsyncClient, user_id: UserId, password_hash: str) -> None:
    await User.filter(id=user_id).using_db(transaction).update(password_hash=password_hash)
    await ResetCode.filter(user_id=user_id).using_db(transaction).delete()


async def _erase_grants(transaction: BaseDBAsyncClient) -> None:
    """Erase all API keys, invitations and reset codes."""
    for table in (ApiKey, Invitation, ResetCode):
        await table.all().using_db(transaction).delete()


async def _use_invitation(transaction: BaseDBAsyncClient, digest: str) -> None:
    found = await find_invitation(transaction, digest)
    if found is None or not await Invitation.filter(id=found.id).using_db(transaction).update(used_at=now()):
        raise InvalidInput("{field} is not valid: it is unknown, has been used or has expired.", field="invitation")


async def find_invitation(client: BaseDBAsyncClient, digest: str) -> Invitation | None:
    """Return an invitation that is neither used nor expired, and whose inviter is active and has a higher role."""
    found = await Invitation.get_or_none(digest=digest, used_at=None, expires_at__gt=now(), using_db=client)
    inviter = None if found is None else await User.get_or_none(id=found.inviter_id, using_db=client)
    if found is None or inviter is None or not inviter.active:
        return None
    return found if found.role in LOWER_ROLES[Role(inviter.role)] else None


async def _load(client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[int]) -> dict[int, UserRecord]:
    """Return the users of the scope among `ids`, by id."""
    included = scope_filter(scope, "users").apply(User.filter(id__in=list(ids)))
    return {row.id: to_user(row) for row in await included.using_db(client)}


async def require_account(client: BaseDBAsyncClient, scope: AccessScope) -> None:
    """Raise `NotFound` if the user of the scope is being erased, or was erased: nothing may be added for the user."""
    if not await User.filter(id=scope.user_id, is_erased=False).using_db(client).exists():
        raise NotFound("user", scope.user_id)


def _list_users(scope: AnyScope, filter: UserFilter) -> Listing:
    included = scope_filter(scope, "users")
    where, values = [included.sql], list[Any](included.values)
    if filter.roles is not None:
        where.append("users.role IN (SELECT value FROM json_each(?))")
        values.append(json_array(filter.roles))
    if filter.active is not None:
        where.append("users.active = ?")
        values.append(filter.active)
    if filter.name_contains is not None:
        where.append("(instr(comparison_key(users.name), ?) > 0 OR ? AND instr(coalesce(users.email_key, ''), ?) > 0)")
        text = comparison_key(filter.name_contains)
        values += [text, isinstance(scope, SystemScope) or scope.is_admin, text]
    if filter.group_id is not None:
        groups = scope_filter(scope, "groups")
        where.append(_IN_GROUP.format(included=groups.sql))
        values += [filter.group_id, *groups.values]
    return Listing(
        order="users", source="users", key="users.created_at", id="users.id", key_type=str,
        where=" AND ".join(where), values=tuple(values),
    )  # fmt: skip


def _credentials(row: User) -> CredentialsRecord:
    return CredentialsRecord(to_user(row), row.password_hash)


def to_user(row: User) -> UserRecord:
    return UserRecord(
        id=UserId(row.id),
        name=row.name,
        email=row.email,
        role=Role(row.role),
        active=row.active,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        active_session_id=None if row.active_session_id is None else SessionId(row.active_session_id),
    )
