"""The viewer, users, log-ins, API keys, invitations and audit entries."""

from datetime import datetime

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from records import access as records
from records.access import (
    AccountsMode,
    AuditAction,
    AuditOutcome,
    KeyLimit,
    Role,
    UserRecord,
)
from records.ids import LoginId, UserId
from resolvers import accounts, collections
from schema.access.usage import UsageWindow
from schema.collections import types as collection_types
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.common.references import CollectionRef, GroupRef, SessionRef
from schema.common.types import Node
from schema.sessions import types as session_types

describe(
    Role,
    "Rights of a user. No role includes the sessions and the private documents of another user.",
    SUPERADMIN="Everything of ADMIN; also the roles of users and the audit log. Exactly one user has this role.",
    ADMIN="Everything of USER; also all collections, users, groups, statistics, invitations, models, background indexing "
    "and `/metrics`.",
    USER="Own sessions and documents, and the collections that are assigned to the user.",
)
describe(
    AccountsMode,
    "The way in which people get an account.",
    SINGLE="The server has no accounts: it serves one person without a password, or everyone who has its access token.",
    INVITATION="An account needs an invitation.",
    APPROVAL="Everyone can sign up; an administrator has to open the account, unless there is an invitation.",
    CLOSED="Nobody can sign up, except the superadmin with the set-up code.",
)
describe(
    KeyLimit,
    "Operations that an API key permits, within the role of its owner.",
    READ="Queries and subscriptions.",
    WRITE="Also mutations of one's own documents, sessions and messages.",
    ADMIN="Also what the role of its owner permits, except log-ins, API keys, passwords, roles and invitations.",
)
describe(
    AuditAction,
    "An action that the audit log records.",
    LOG_IN="A user logged in.",
    LOG_IN_FAILED="An attempt to log in failed.",
    LOG_OUT="A user ended log-ins.",
    REFRESH_REUSED="A refresh token was used twice, so that its log-in was ended: it may have been stolen.",
    SIGN_UP="A person signed up.",
    USER_CHANGED="The name of a user was changed, or an account was closed or opened.",
    ROLE_CHANGED="The role of a user was changed.",
    PASSWORD_CHANGED="A password was changed, or a code for a new one was created.",  # noqa: S106  # a description
    KEY_CREATED="An API key was created.",
    KEY_REVOKED="An API key was revoked.",
    INVITED="An invitation was created.",
    INVITATION_REVOKED="An invitation was revoked.",
    ACCOUNTS_ENABLED="Accounts were enabled.",
    USER_DELETED="A user was erased.",
    GROUP_CHANGED="A group was created, changed or deleted.",
    COLLECTION_CHANGED="A collection was created, changed or deleted.",
    GRANTED="Users or groups were given access to a collection.",
    REVOKED="The access of users or groups to a collection was ended.",
    DOCUMENT_ADDED="A document was added to a collection.",
    DOCUMENT_REMOVED="A document was removed from a collection.",
)
describe(
    AuditOutcome,
    "Outcome of an action in the audit log.",
    DONE="The action was carried out.",
    DENIED="The action was refused.",
)


@strawberry.type(description="Options of a log-in page, which anybody can read.")
class SignUpOptions:
    mode: AccountsMode = strawberry.field(description="The way in which people get an account.")
    password_min_length: int = strawberry.field(description="Minimum length of a password in characters.")
    set_up: bool = strawberry.field(
        description="True while the server has no superadmin with a password. The first sign-up then needs the set-up code "
        "that the server printed at its start, as `SignUpInput.invitation`, and becomes the superadmin."
    )


@strawberry.type(description="A person who uses the server.")
class User(Node):
    record: strawberry.Private[UserRecord]
    name: str = strawberry.field(description="Display name, 1 to 300 characters.")
    role: Role = strawberry.field(description="Rights of the user.")
    active: bool = strawberry.field(
        description="False if the account is closed, or has not been opened by an administrator: the user cannot log in."
    )
    created_at: datetime = strawberry.field(description="Time at which the account was created.")

    is_viewer: strawberry.Private[bool] = False
    "True for the user of a log-in that the operation itself has begun."

    def _is_private(self, info: Info) -> bool:
        """Return whether the viewer is neither this user nor an administrator."""
        return not (self.is_viewer or info.context.scope.is_admin or info.context.scope.includes(self.record.id))

    @strawberry.field(
        description="E-mail address; null for the local user of a server without accounts, and for viewers who are neither "
        "this user nor an administrator."
    )
    def email(self, info: Info) -> str | None:
        return None if self._is_private(info) else self.record.email

    @strawberry.field(
        description="Time of the last log-in or refresh; null before the first one, and for viewers who are "
        "neither this user "
        "nor an administrator."
    )
    def last_seen_at(self, info: Info) -> datetime | None:
        return None if self._is_private(info) else self.record.last_seen_at

    @strawberry.field(
        description="Groups of the user, by name; null for viewers who are neither this user nor an administrator."
    )
    async def groups(self, info: Info) -> list[GroupRef] | None:
        if self._is_private(info):
            return None
        found = await collections.list_groups_of_user(info.context, self.record.id)
        return [collection_types.Group.from_record(record) for record in found]

    @strawberry.field(
        description="Collections that are assigned to the user, directly or by a group, by name; null for viewers who are "
        "neither this user nor an administrator."
    )
    async def collections(
        self, info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> Connection[CollectionRef] | None:
        if self._is_private(info):
            return None
        assigned, request = records.CollectionFilter(user_id=self.record.id), paging(first, after, last, before)
        listing = await collections.list_collections(info.context, assigned, request)
        return connect(listing, collection_types.Collection.from_record)

    @classmethod
    def from_record(cls, record: UserRecord, *, is_viewer: bool = False) -> "User":
        return from_record(cls, record, id=global_ids.USER.encode(record.id), record=record, is_viewer=is_viewer)


async def load_user(info: Info, user_id: UserId | None) -> User | None:
    """Return a user that the viewer may see; None otherwise."""
    record = None if user_id is None else await info.context.loaders.users.load(user_id)
    return None if record is None else User.from_record(record)


@strawberry.type(description="A log-in that has not ended: a browser or a program of the user.")
class Login(Node):
    client: str = strawberry.field(description="Name that the browser or program sends: its `User-Agent`.")
    created_at: datetime = strawberry.field(description="Time at which the user logged in.")
    last_used_at: datetime = strawberry.field(description="Time of the last refresh, or of the log-in.")
    current: bool = strawberry.field(description="True for the log-in of this request.")

    @classmethod
    def from_record(cls, record: records.LoginRecord, current: LoginId | None) -> "Login":
        return from_record(cls, record, id=global_ids.LOGIN.encode(record.id), current=record.id == current)


@strawberry.type(description="A key with which a program acts as its owner: `Authorization: Bearer glk_…`.")
class ApiKey(Node):
    name: str = strawberry.field(description="Name that the owner gave it.")
    prefix: str = strawberry.field(description="Beginning of the key, which is not secret.")
    limit: KeyLimit = strawberry.field(description="Operations that the key permits.")
    created_at: datetime = strawberry.field(description="Time at which the key was created.")
    last_used_at: datetime | None = strawberry.field(
        description="Time of the last use, recorded at most once a minute; null if it was never used."
    )
    expires_at: datetime | None = strawberry.field(description="Time of its expiry; null if it does not expire.")

    @classmethod
    def from_record(cls, record: records.ApiKeyRecord) -> "ApiKey":
        return from_record(cls, record, id=global_ids.API_KEY.encode(record.id))


@strawberry.type(description="An invitation to sign up. Its code is returned once, when it is created.")
class Invitation(Node):
    record: strawberry.Private[records.InvitationRecord]
    email: str | None = strawberry.field(
        description="Address that must sign up with the invitation; null if any address may."
    )
    role: Role = strawberry.field(description="Role of the new account.")
    created_at: datetime = strawberry.field(description="Time at which the invitation was created.")
    expires_at: datetime = strawberry.field(description="Time of its expiry.")
    used_at: datetime | None = strawberry.field(description="Time at which it was used; null if it is unused.")

    @strawberry.field(description="Groups that the new user joins.")
    async def groups(self, info: Info) -> list[GroupRef]:
        found = await info.context.loaders.groups.load_many(list(self.record.group_ids))
        return [collection_types.Group.from_record(record) for record in found if record is not None]

    @strawberry.field(description="User who created the invitation; null if the account was erased.")
    async def invited_by(self, info: Info) -> User | None:
        return await load_user(info, self.record.inviter_id)

    @classmethod
    def from_record(cls, record: records.InvitationRecord) -> "Invitation":
        return from_record(cls, record, id=global_ids.INVITATION.encode(record.id), record=record)


@strawberry.type(description="An entry of the audit log.")
class AuditEntry(Node):
    record: strawberry.Private[records.NewAuditEntry]
    at: datetime = strawberry.field(description="Time of the action.")
    actor_name: str = strawberry.field(
        description="Name of the actor at that time; the address that was entered if a log-in failed; "
        "`several addresses` if the entry stands for many failed log-ins. Empty if the user was erased."
    )
    via_api_key: str | None = strawberry.field(description="Name of the API key that was used; null without one.")
    action: AuditAction = strawberry.field(description="The action.")
    target_id: strawberry.ID | None = strawberry.field(description="Id of the object that was changed; null for none.")
    target_name: str | None = strawberry.field(description="Name of that object at that time; null for none.")
    outcome: AuditOutcome = strawberry.field(description="Outcome of the action.")
    address: str | None = strawberry.field(description="IP address of the client; null if it is unknown.")
    detail: JSON | None = strawberry.field(
        description="Further values, such as the new role; null for none. `attempts` is the number of failed log-ins that "
        "the entry stands for, if there is more than one."
    )

    @strawberry.field(description="User who acted; null if nobody was logged in.")
    async def actor(self, info: Info) -> User | None:
        return await load_user(info, self.record.actor_id)

    @classmethod
    def from_record(cls, record: records.AuditEntryRecord) -> "AuditEntry":
        entry = record.entry
        target = None if entry.target is None else global_ids.CODEC_OF_RECORD[entry.target[0]].encode(entry.target[1])
        own_id = global_ids.AUDIT_ENTRY.encode(record.id)
        return from_record(cls, entry, id=own_id, at=record.at, target_id=target, record=entry)


@strawberry.type(description="The user who sends the request.")
class Viewer:
    user: User = strawberry.field(description="The user.")
    role: Role = strawberry.field(
        description="Rights of this request: USER if it was sent with an API key whose limit is not ADMIN, otherwise the "
        "role of the user."
    )

    viewer: strawberry.Private[records.Viewer]

    @strawberry.field(description="Log-ins of the user that have not ended, the latest first.")
    async def logins(self, info: Info) -> list[Login]:
        found = await info.context.access.stores.logins.of_user(self.viewer.scope)
        return [Login.from_record(record, self.viewer.login_id) for record in found]

    @strawberry.field(description="API keys of the user, the latest first.")
    async def api_keys(self, info: Info) -> list[ApiKey]:
        return [
            ApiKey.from_record(record)
            for record in await info.context.access.stores.api_keys.of_user(self.viewer.scope)
        ]

    @strawberry.field(
        description="Session that a client should open first: the one that was set last as "
        "`UpdateUserInput.activeSessionId`, on any device. Null if none was set, or if it was erased."
    )
    async def active_session(self, info: Info) -> SessionRef | None:
        session_id = self.user.record.active_session_id
        record = None if session_id is None else await info.context.loaders.sessions.load(session_id)
        return None if record is None else session_types.Session.from_record(record)

    @strawberry.field(description="Usage of the user today, with its limits.")
    async def usage(self, info: Info) -> UsageWindow:
        return UsageWindow.from_record(await accounts.read_usage(info.context))

    @classmethod
    def from_record(cls, user: UserRecord, viewer: records.Viewer) -> "Viewer":
        own = User.from_record(user, is_viewer=True)
        return cls(user=own, role=user.role if viewer.scope.is_admin else Role.USER, viewer=viewer)
