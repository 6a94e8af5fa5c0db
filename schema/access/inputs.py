"""Inputs of the operations on accounts."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from records import access as records
from records.access import AuditAction, KeyLimit, Role, TokenDelivery
from records.ids import GroupId, UserId
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.mapping import or_none, tuple_or_none

describe(
    TokenDelivery,
    "The way in which a refresh token is sent.",
    COOKIE="As a cookie that scripts cannot read. For pages of this server, over HTTP, with the header "
    "`GraphQL-Require-Preflight`.",
    BODY="In the response, as `LogInSuccess.refreshToken`. For programs.",
)

EMAIL = "E-mail address, compared without regard to case."
PASSWORD = "The password, 15 to 1,024 characters after Unicode normalization (NFKC)."  # noqa: S105  # a description


@strawberry.input(description="The account of the person whom the server serves without accounts.")
class EnableAccountsInput:
    email: str = strawberry.field(description=EMAIL)
    name: str = strawberry.field(description="Display name, 1 to 300 characters.")
    password: str = strawberry.field(description=PASSWORD)


@strawberry.input(description="A new account.")
class SignUpInput:
    email: str = strawberry.field(description=EMAIL)
    name: str = strawberry.field(description="Display name, 1 to 300 characters.")
    password: str = strawberry.field(description=PASSWORD)
    invitation: str | None = strawberry.field(
        default=UNSET, description="Code of an invitation, or the set-up code (`SignUpOptions.setUp`)."
    )


@strawberry.input(description="An address with its password.")
class LogInInput:
    email: str = strawberry.field(description=EMAIL)
    password: str = strawberry.field(description="The password.")
    delivery: TokenDelivery = strawberry.field(
        default=TokenDelivery.COOKIE, description="The way in which the refresh token is sent."
    )


@strawberry.input(description="A refresh token.")
class RefreshSessionInput:
    refresh_token: str | None = strawberry.field(
        default=UNSET, description="The latest refresh token of the log-in; omit it to use the cookie."
    )


@strawberry.input(description="The log-ins to end.")
class LogOutInput:
    login_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A log-in of the viewer; by default, the log-in of the request."
    )
    everywhere: bool | None = strawberry.field(
        default=UNSET, description="True to end all log-ins of the viewer; `loginId` is then ignored."
    )


@strawberry.input(description="A new password. Either `current` or `code` must be given.")
class ChangePasswordInput:
    current: str | None = strawberry.field(default=UNSET, description="The current password of the viewer.")
    code: str | None = strawberry.field(
        default=UNSET, description="A code of `resetPassword`. It needs no log-in, and `current` is then ignored."
    )
    password: str = strawberry.field(description=PASSWORD)


@strawberry.input(description="Changes of a user. Omitted fields keep their values.")
class UpdateUserInput:
    id: strawberry.ID = strawberry.field(description="Id of the user.")
    name: str | None = strawberry.field(
        default=UNSET, description="Display name, 1 to 300 characters; must not be null."
    )
    role: Role | None = strawberry.field(default=UNSET, description="New role; must not be null.")
    group_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Ids of all groups of the user; for administrators, not null."
    )
    active_session_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The session that the viewer has open (`Viewer.activeSession`); null for none."
    )
    active: bool | None = strawberry.field(
        default=UNSET, description="False to close the account and end its log-ins, true to open it; must not be null."
    )


@strawberry.input(description="The user.")
class ResetPasswordInput:
    id: strawberry.ID = strawberry.field(description="Id of the user.")


@strawberry.input(description="The user.")
class DeleteUserInput:
    id: strawberry.ID = strawberry.field(description="Id of the user.")


@strawberry.input(description="A new invitation.")
class CreateInvitationInput:
    email: str | None = strawberry.field(
        default=UNSET, description="Address that must sign up with the invitation; null or omitted for any address."
    )
    role: Role = strawberry.field(default=Role.USER, description="Role of the new account, below one's own.")
    group_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Ids of the groups that the new user joins; none by default."
    )
    expires_in_hours: int = strawberry.field(default=168, description="Time until its expiry in hours, 1 to 720.")


@strawberry.input(description="The invitation.")
class RevokeInvitationInput:
    id: strawberry.ID = strawberry.field(description="Id of the invitation.")


@strawberry.input(description="A new API key.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="Name of the key, 1 to 300 characters.")
    limit: KeyLimit = strawberry.field(default=KeyLimit.READ, description="Operations that the key permits.")
    expires_in_days: int | None = strawberry.field(
        default=90, description="Time until its expiry in days, 1 to 3,650; null for a key that does not expire."
    )


@strawberry.input(description="The API key.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(description="Id of the API key.")


@strawberry.input(description="Conditions on users. All that are given must hold.")
class UserFilter:
    role: list[Role] | None = strawberry.field(default=UNSET, description="Users with one of these roles.")
    active: bool | None = strawberry.field(
        default=UNSET,
        description="True for users whose account is open, false for those whose account is closed or waits for approval.",
    )
    name_contains: str | None = strawberry.field(
        default=UNSET,
        description="Users whose name contains this text, ignoring case; for administrators, also users whose address does.",
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Members of this group; none for an unknown id."
    )

    def to_record(self) -> records.UserFilter:
        group_id = or_none(self.group_id)
        return records.UserFilter(
            roles=tuple_or_none(self.role),
            active=or_none(self.active),
            name_contains=or_none(self.name_contains),
            group_id=None if group_id is None else global_ids.GROUP.find_key(group_id) or GroupId(0),
        )


@strawberry.input(description="Conditions on audit entries. All that are given must hold.")
class AuditFilter:
    actor_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Entries of this user.")
    action: list[AuditAction] | None = strawberry.field(default=UNSET, description="Entries of one of these actions.")
    target_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Entries about this object.")
    since: datetime | None = strawberry.field(default=UNSET, description="Entries from this time on.")
    until: datetime | None = strawberry.field(default=UNSET, description="Entries before this time.")

    def to_record(self) -> records.AuditFilter:
        """Return the filter. An id of another type selects no entry."""
        actor_id, target_id = or_none(self.actor_id), or_none(self.target_id)
        return records.AuditFilter(
            actor_id=None if actor_id is None else global_ids.USER.find_key(actor_id) or UserId(0),
            actions=tuple_or_none(self.action),
            target=None if target_id is None else global_ids.find_record(target_id),
            since=or_none(self.since),
            until=or_none(self.until),
        )
