"""Accounts: the viewer, signing up, logging in and out, users, invitations, API keys and the audit log."""

from collections.abc import Mapping
from typing import Any

from records.access import (
    ApiKeyRecord,
    AuditEntryRecord,
    AuditFilter,
    InvitationRecord,
    KeyLimit,
    LoggedIn,
    Role,
    UserFilter,
    UserRecord,
)
from records.ids import UserId
from records.page import PageRequest
from resolvers.pages import Listing
from resolvers.request_context import Context
from resolvers.validation import check_name, reject_null


async def find_viewer(context: Context) -> UserRecord | None:
    """Return the user of the request; None for nobody."""
    return None if context.viewer.is_nobody else await context.loaders.users.load(context.scope.user_id)


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


async def enable_accounts(context: Context, name: str, email: str, password: str) -> LoggedIn:
    """Raises `Conflict`, `InvalidInput` and `WeakPassword`."""
    return await context.access.accounts.enable(context.viewer, context.exchange, check_name(name), email, password)


async def sign_up(context: Context, name: str, email: str, password: str, invitation: str | None) -> bool:
    """Return whether the account can be used at once. Raises `InvalidInput`, `WeakPassword` and `RateLimited`."""
    return await context.access.accounts.sign_up(context.exchange, check_name(name), email, password, invitation)


async def change_password(context: Context, password: str, current: str | None, code: str | None) -> UserRecord:
    """Raises `InvalidCredentials`, `WeakPassword` and `RateLimited`."""
    return await context.access.accounts.change_password(
        context.viewer, context.exchange, password, current=current, code=code
    )


async def update_user(context: Context, user_id: UserId, provided: Mapping[str, Any]) -> UserRecord:
    """Apply the provided changes of `name`, `role` and `active`. Raises `NotFound`, `Forbidden` and `InvalidInput`."""
    reject_null(provided, "name", "role", "active")
    return await context.access.accounts.update_user(
        context.viewer,
        context.exchange,
        user_id,
        name=check_name(provided["name"]) if "name" in provided else None,
        role=provided.get("role"),
        active=provided.get("active"),
    )


async def create_invitation(
    context: Context, email: str | None, role: Role, hours: int
) -> tuple[InvitationRecord, str]:
    """Return an invitation with its code. Raises `Forbidden` and `InvalidInput`."""
    return await context.access.invitations.create(context.viewer, context.exchange, email, role, hours)


async def create_api_key(context: Context, name: str, limit: KeyLimit, days: int | None) -> tuple[ApiKeyRecord, str]:
    """Return an API key with its text. Raises `Forbidden` and `InvalidInput`."""
    return await context.access.api_keys.create(context.viewer, context.exchange, check_name(name), limit, days)
