"""Accounts: the viewer and the usage, signing up, logging in and out, users, invitations, API keys and the audit log."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from records.access import (
    ApiKeyRecord,
    AuditEntryRecord,
    AuditFilter,
    InvitationRecord,
    KeyLimit,
    LoggedIn,
    Role,
    TokenDelivery,
    UserFilter,
    UserRecord,
)
from records.access.usage import UsageWindow
from records.document import EraseReceipt
from records.errors import Forbidden
from records.ids import ApiKeyId, GroupId, InvitationId, LoginId, UserId
from records.page import PageRequest
from resolvers.collections import check_number
from resolvers.pages import Listing
from resolvers.request_context import Context
from resolvers.validation import check_name, reject_null

Result = TypeVar("Result")


async def find_viewer(context: Context) -> UserRecord | None:
    """Return the user of the request; None for nobody."""
    return None if context.viewer.is_nobody else await context.loaders.users.load(context.scope.user_id)


async def read_usage(context: Context) -> UsageWindow:
    return await context.usage.window(context.scope)


async def list_users(context: Context, filter: UserFilter, request: PageRequest) -> Listing[UserRecord]:
    users = context.access.stores.users
    page = await users.page(context.scope, filter, request)
    return Listing(page, lambda: users.count(context.scope, filter))


async def list_invitations(context: Context, request: PageRequest) -> Listing[InvitationRecord]:
    invitations = context.access.stores.invitations
    page = await invitations.page(context.scope, request)
    return Listing(page, lambda: invitations.count(context.scope))


async def list_audit_entries(context: Context, filter: AuditFilter, request: PageRequest) -> Listing[AuditEntryRecord]:
    audit = context.access.stores.audit
    page = await audit.page(context.scope, filter, request)
    return Listing(page, lambda: audit.count(context.scope, filter))


async def _complete(context: Context, work: Callable[[], Awaitable[Result]]) -> Result:
    """Run a change to its end, even if the client goes away: no change lacks its revocations or its audit entry."""
    return await context.access.tasks.complete(work, "change of an account")


async def enable_accounts(context: Context, name: str, email: str, password: str) -> LoggedIn:
    """Raises `Conflict`, `InvalidInput`, `WeakPassword` and `Busy`."""
    accounts, checked = context.access.accounts, check_name(name)
    return await _complete(context, lambda: accounts.enable(context.viewer, context.exchange, checked, email, password))


async def sign_up(context: Context, name: str, email: str, password: str, invitation: str | None) -> bool:
    """Return whether the account can be used at once.

    Raises `InvalidInput`, `WeakPassword`, `RateLimited` and `Busy`.
    """
    accounts, checked = context.access.accounts, check_name(name)

    async def work() -> bool:
        ready = await accounts.sign_up(context.exchange, checked, email, password, invitation)
        await context.collections.groups.members_changed()
        return ready

    return await _complete(context, work)


async def log_in(context: Context, email: str, password: str, delivery: TokenDelivery) -> LoggedIn:
    """Raises `InvalidCredentials`, `InvalidInput` and `Busy`."""
    log_ins = context.access.log_ins
    return await _complete(context, lambda: log_ins.log_in(context.exchange, email, password, delivery))


async def refresh_session(context: Context, token: str | None) -> LoggedIn:
    """Raises `InvalidCredentials` and `Forbidden`."""
    return await _complete(context, lambda: context.access.log_ins.refresh(context.exchange, token))


async def log_out(context: Context, login_id: LoginId | None, everywhere: bool) -> int:
    """Return the number of log-ins that were ended. Raises `NotFound` and `InvalidInput`."""
    log_ins = context.access.log_ins
    return await _complete(
        context, lambda: log_ins.log_out(context.viewer, context.exchange, login_id, everywhere=everywhere)
    )


async def change_password(context: Context, password: str, current: str | None, code: str | None) -> UserRecord:
    """Raises `InvalidCredentials`, `WeakPassword`, `RateLimited` and `Busy`."""
    accounts = context.access.accounts
    return await _complete(
        context,
        lambda: accounts.change_password(context.viewer, context.exchange, password, current=current, code=code),
    )


async def update_user(context: Context, user_id: UserId, provided: Mapping[str, Any]) -> UserRecord:
    """Apply the provided changes of `name`, `role`, `active`, `group_ids` and `active_session_id`: all or none.

    Raises `NotFound`, `Forbidden` and `InvalidInput`.
    """
    reject_null(provided, "name", "role", "active", "group_ids")
    user = await context.access.stores.users.get(context.scope, user_id)
    changes = {name: provided[name] for name in ("name", "role", "active") if name in provided}
    if "name" in changes:
        changes["name"] = check_name(changes["name"])
    await _check_related(context, user_id, provided)
    if changes:
        accounts = context.access.accounts
        user = await _complete(
            context, lambda: accounts.update_user(context.viewer, context.exchange, user_id, **changes)
        )
    if "group_ids" in provided:
        await context.collections.groups.set_of_user(context.viewer, context.exchange, user_id, provided["group_ids"])
    if "active_session_id" in provided:
        user = await context.access.stores.users.set_active_session(context.scope, provided["active_session_id"])
    return user


async def _check_related(context: Context, user_id: UserId, provided: Mapping[str, Any]) -> None:
    """Check the groups and the session of a change of a user, before anything is changed."""
    if "active_session_id" in provided:
        if user_id != context.scope.user_id:
            raise Forbidden("You can choose your own active session.")
        if provided["active_session_id"] is not None:
            await context.sessions.get(context.scope, provided["active_session_id"])
    if "group_ids" in provided:
        check_number(provided["group_ids"], "group_ids")
        await context.collections.groups.check_of_user(context.viewer, provided["group_ids"])


async def delete_user(context: Context, user_id: UserId) -> EraseReceipt:
    """Erase a user with everything that the user owns alone. Raises `NotFound`, `Forbidden` and `Conflict`."""
    return await context.erasure.delete_user(context.viewer, context.exchange, user_id)


async def reset_password(context: Context, user_id: UserId) -> str:
    """Return a reset code. Raises `NotFound` and `Forbidden`."""
    accounts = context.access.accounts
    return await _complete(context, lambda: accounts.reset_password(context.viewer, context.exchange, user_id))


async def create_invitation(
    context: Context, email: str | None, role: Role, hours: int, group_ids: Sequence[GroupId]
) -> tuple[InvitationRecord, str]:
    """Return an invitation with its code. Raises `Forbidden`, `InvalidInput` and `NotFound`."""
    check_number(group_ids, "group_ids")
    invitations = context.access.invitations
    return await _complete(
        context, lambda: invitations.create(context.viewer, context.exchange, email, role, hours, group_ids)
    )


async def revoke_invitation(context: Context, invitation_id: InvitationId) -> None:
    """Raises `NotFound`."""
    invitations = context.access.invitations
    await _complete(context, lambda: invitations.revoke(context.viewer, context.exchange, invitation_id))


async def create_api_key(context: Context, name: str, limit: KeyLimit, days: int | None) -> tuple[ApiKeyRecord, str]:
    """Return an API key with its text. Raises `Forbidden` and `InvalidInput`."""
    keys, checked = context.access.api_keys, check_name(name)
    return await _complete(context, lambda: keys.create(context.viewer, context.exchange, checked, limit, days))


async def revoke_api_key(context: Context, key_id: ApiKeyId) -> None:
    """Raises `NotFound`."""
    await _complete(context, lambda: context.access.api_keys.revoke(context.viewer, context.exchange, key_id))
