"""Access: users and their accounts, and the scope of what one request may read and change."""

from records.access.accounts import (
    AccountsMode,
    ApiKeyRecord,
    AuditAction,
    AuditEntryRecord,
    AuditFilter,
    AuditOutcome,
    CredentialsRecord,
    FoundKey,
    InvitationRecord,
    LoginRecord,
    NewAuditEntry,
    PasswordWeakness,
    RefreshedLogin,
    TokenDelivery,
    UserFilter,
    UserRecord,
)
from records.access.exchange import Cookie, Exchange
from records.access.scopes import NOBODY, AccessScope, AnyScope, KeyLimit, Role, SystemScope
from records.access.viewer import LoggedIn, Viewer

__all__ = [
    "NOBODY",
    "AccessScope",
    "AccountsMode",
    "AnyScope",
    "ApiKeyRecord",
    "AuditAction",
    "AuditEntryRecord",
    "AuditFilter",
    "AuditOutcome",
    "Cookie",
    "CredentialsRecord",
    "Exchange",
    "FoundKey",
    "InvitationRecord",
    "KeyLimit",
    "LoggedIn",
    "LoginRecord",
    "NewAuditEntry",
    "PasswordWeakness",
    "RefreshedLogin",
    "Role",
    "SystemScope",
    "TokenDelivery",
    "UserFilter",
    "UserRecord",
    "Viewer",
]
