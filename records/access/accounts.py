"""Accounts: users with their logins, API keys and invitations, and what is required of a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from records.access.scopes import KeyLimit, Role
from records.ids import ApiKeyId, AuditEntryId, GroupId, InvitationId, LoginId, SessionId, UserId


class AccountsMode(StrEnum):
    """The way in which people get an account. In SINGLE, the server serves one person without a password."""

    SINGLE = "SINGLE"
    INVITATION = "INVITATION"
    APPROVAL = "APPROVAL"
    CLOSED = "CLOSED"


class TokenDelivery(StrEnum):
    """The way in which a refresh token is sent: as a cookie to browsers, in the body of the response to programs."""

    COOKIE = "COOKIE"
    BODY = "BODY"


class PasswordWeakness(StrEnum):
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    COMMON = "COMMON"
    CONTAINS_NAME = "CONTAINS_NAME"
    REPEATED = "REPEATED"


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A person. `email` is None for the local user of a server without accounts."""

    id: UserId
    name: str
    email: str | None
    role: Role
    active: bool
    created_at: datetime
    last_seen_at: datetime | None
    active_session_id: SessionId | None = None
    "The session that the user had open last, on any device."


@dataclass(frozen=True, slots=True)
class CredentialsRecord:
    """A user with the hash of the password. It is None until the user has chosen one."""

    user: UserRecord
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Conditions on users; None for any value.

    `name_contains` is compared with the name, and for administrators also with the address.
    """

    roles: tuple[Role, ...] | None = None
    active: bool | None = None
    name_contains: str | None = None
    group_id: GroupId | None = None


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """A log-in of a user. `client` is the name that the browser or program sends with its requests."""

    id: LoginId
    user_id: UserId
    client: str
    created_at: datetime
    last_used_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """An API key. `prefix` is the part of the key that is not secret."""

    id: ApiKeyId
    user_id: UserId
    name: str
    prefix: str
    limit: KeyLimit
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefreshedLogin:
    """The result of using a refresh token. `first_used_at` is the time of its first use if it had been used before."""

    login: LoginRecord
    user: UserRecord
    first_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundKey:
    """An API key that has not expired, with the digest of its secret and its active user."""

    key: ApiKeyRecord
    digest: str
    user: UserRecord


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    id: InvitationId
    email: str | None
    role: Role
    inviter_id: UserId | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    group_ids: tuple[GroupId, ...] = ()
    "The groups that the new user joins."


class AuditAction(StrEnum):
    LOG_IN = "LOG_IN"
    LOG_IN_FAILED = "LOG_IN_FAILED"
    LOG_OUT = "LOG_OUT"
    REFRESH_REUSED = "REFRESH_REUSED"
    SIGN_UP = "SIGN_UP"
    USER_CHANGED = "USER_CHANGED"
    ROLE_CHANGED = "ROLE_CHANGED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105  # the name of an action
    KEY_CREATED = "KEY_CREATED"
    KEY_REVOKED = "KEY_REVOKED"
    INVITED = "INVITED"
    INVITATION_REVOKED = "INVITATION_REVOKED"
    ACCOUNTS_ENABLED = "ACCOUNTS_ENABLED"
    USER_DELETED = "USER_DELETED"
    GROUP_CHANGED = "GROUP_CHANGED"
    COLLECTION_CHANGED = "COLLECTION_CHANGED"
    GRANTED = "GRANTED"
    REVOKED = "REVOKED"
    DOCUMENT_ADDED = "DOCUMENT_ADDED"
    DOCUMENT_REMOVED = "DOCUMENT_REMOVED"


class AuditOutcome(StrEnum):
    DONE = "DONE"
    DENIED = "DENIED"


@dataclass(frozen=True, slots=True)
class NewAuditEntry:
    """An entry of the audit log. `target` is the kind and the id of a record, such as `user` and 3; None for none."""

    actor_id: UserId | None
    actor_name: str
    via_api_key: str | None
    action: AuditAction
    target: tuple[str, int] | None
    target_name: str | None
    outcome: AuditOutcome
    address: str | None
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AuditEntryRecord:
    id: AuditEntryId
    at: datetime
    entry: NewAuditEntry


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Conditions on audit entries; None for any value. `since` is inclusive, `until` exclusive."""

    actor_id: UserId | None = None
    actions: tuple[AuditAction, ...] | None = None
    target: tuple[str, int | str] | None = None
    since: datetime | None = None
    until: datetime | None = None
