"""Queries of the viewer, users, invitations and the audit log."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import accounts
from schema.access.inputs import AuditFilter, UserFilter
from schema.access.types import ApiKey, AuditEntry, Invitation, Login, SignUpOptions, User, Viewer, load_user
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.info import Info


async def find_user(info: Info, global_id: str) -> User | None:
    return await load_user(info, global_ids.USER.find_key(global_id))


async def find_login(info: Info, global_id: str) -> Login | None:
    key = global_ids.LOGIN.find_key(global_id)
    found = await info.context.access.stores.logins.of_user(info.context.scope)
    return next((Login.from_record(record, info.context.viewer.login_id) for record in found if record.id == key), None)


async def find_api_key(info: Info, global_id: str) -> ApiKey | None:
    key = global_ids.API_KEY.find_key(global_id)
    found = await info.context.access.stores.api_keys.of_user(info.context.scope)
    return next((ApiKey.from_record(record) for record in found if record.id == key), None)


async def find_invitation(info: Info, global_id: str) -> Invitation | None:
    key = global_ids.INVITATION.find_key(global_id)
    ids = [] if key is None else [key]
    found = await info.context.access.stores.invitations.find_many(info.context.scope, ids)
    return next((Invitation.from_record(record) for record in found.values()), None)


async def find_audit_entry(info: Info, global_id: str) -> AuditEntry | None:
    key = global_ids.AUDIT_ENTRY.find_key(global_id)
    ids = [] if key is None else [key]
    found = await info.context.access.stores.audit.find_many(info.context.scope, ids)
    return next((AuditEntry.from_record(record) for record in found.values()), None)


@strawberry.type
class AccessQueries:
    @strawberry.field(
        description="Return the user who sends the request; null without valid credentials, which it does not need."
    )
    async def viewer(self, info: Info) -> Viewer | None:
        user = await accounts.find_viewer(info.context)
        return None if user is None else Viewer.from_record(user, info.context.viewer)

    @strawberry.field(description="Return what a page for logging in needs to know. Needs no credentials.")
    def sign_up_options(self, info: Info) -> SignUpOptions:
        service = info.context.access.accounts
        return SignUpOptions(
            mode=service.mode, password_min_length=service.password_min_length, set_up=service.needs_set_up
        )

    @strawberry.field(
        description="Return a user by its id; null for an unknown id. Users who are not administrators find only themselves."
    )
    async def user(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the user.")]
    ) -> User | None:
        return await find_user(info, id)

    @strawberry.field(
        description="List users, the oldest account first. Users who are not administrators see only themselves."
    )
    async def users(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        filter: Annotated[UserFilter | None, strawberry.argument(description="Conditions on the users.")] = UNSET,
    ) -> Connection[User]:
        conditions = (filter or UserFilter()).to_record()
        request = paging(first, after, last, before)
        return connect(await accounts.list_users(info.context, conditions, request), User.from_record)

    @strawberry.field(description="List invitations, the latest first. For administrators.")
    async def invitations(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[Invitation]:
        request = paging(first, after, last, before)
        return connect(await accounts.list_invitations(info.context, request), Invitation.from_record)

    @strawberry.field(
        description="List the entries of the audit log, the latest first. For administrators; empty except for "
        "the superadmin."
    )
    async def audit_entries(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        filter: Annotated[AuditFilter | None, strawberry.argument(description="Conditions on the entries.")] = UNSET,
    ) -> Connection[AuditEntry]:
        conditions = (filter or AuditFilter()).to_record()
        request = paging(first, after, last, before)
        return connect(await accounts.list_audit_entries(info.context, conditions, request), AuditEntry.from_record)
