"""Mutations of accounts, log-ins, invitations and API keys, and their results."""

from datetime import datetime
from typing import Annotated

import strawberry

from records import access as records
from resolvers import accounts
from schema.access.inputs import (
    ChangePasswordInput,
    CreateApiKeyInput,
    CreateInvitationInput,
    DeleteUserInput,
    EnableAccountsInput,
    LogInInput,
    LogOutInput,
    RefreshSessionInput,
    ResetPasswordInput,
    RevokeApiKeyInput,
    RevokeInvitationInput,
    SignUpInput,
    UpdateUserInput,
)
from schema.access.types import ApiKey, Invitation, User, Viewer
from schema.common import global_ids
from schema.common.errors import (
    BusyError,
    ConflictError,
    ForbiddenError,
    InvalidCredentialsError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    WeakPasswordError,
)
from schema.common.info import Info
from schema.common.mapping import from_record, or_none, provided_fields
from schema.common.types import EraseReceipt


@strawberry.type(description="The viewer is logged in.")
class LogInSuccess:
    viewer: Viewer = strawberry.field(description="The viewer.")
    access_token: str = strawberry.field(
        description="Access token, for the header `Authorization: Bearer …` and for `authorization` in the payload of "
        "`connection_init`."
    )
    expires_at: datetime = strawberry.field(description="Time at which the access token expires: after 30 minutes.")
    refresh_token: str | None = strawberry.field(
        description="Token for `refreshSession`, which uses it up. It is valid for 7 days, but not longer than "
        "30 days after "
        "the log-in. Null if it was sent as a cookie, or if the token was used for the second time within 10 seconds: the "
        "token that its first use returned is still valid."
    )

    @classmethod
    def from_record(cls, record: records.LoggedIn) -> "LogInSuccess":
        return cls(
            viewer=Viewer.from_record(record.user, record.viewer),
            access_token=record.access_token,
            expires_at=record.expires_at,
            refresh_token=record.refresh_token,
        )


@strawberry.type(description="The sign-up was accepted.")
class SignUpSuccess:
    ready: bool = strawberry.field(
        description="True if the account can be used at once. False if an administrator has to open it, or if the address "
        "has an account already."
    )


@strawberry.type(description="Log-ins were ended.")
class LogOutSuccess:
    ended: int = strawberry.field(description="Number of log-ins that were ended.")


@strawberry.type(description="The password was changed. All other log-ins of the user have ended.")
class ChangePasswordSuccess:
    user: User = strawberry.field(description="The user.")


@strawberry.type(description="The user was changed.")
class UpdateUserSuccess:
    user: User = strawberry.field(description="The user after the change.")


@strawberry.type(description="The user was erased.")
class DeleteUserSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of the erased user.")
    receipt: EraseReceipt = strawberry.field(description="Counts of the erased data.")


@strawberry.type(description="A code for a new password was created. It replaces an earlier one.")
class ResetPasswordSuccess:
    reset_code: str = strawberry.field(
        description="Code for `ChangePasswordInput.code`, valid once within 24 hours. It is returned only here."
    )


@strawberry.type(description="The invitation was created.")
class CreateInvitationSuccess:
    invitation: Invitation = strawberry.field(description="The invitation.")
    invitation_code: str = strawberry.field(
        description="Code for `SignUpInput.invitation`, valid once. It is returned only here."
    )


@strawberry.type(description="The invitation was erased.")
class RevokeInvitationSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of the erased invitation.")


@strawberry.type(description="The API key was created.")
class CreateApiKeySuccess:
    api_key: ApiKey = strawberry.field(description="The API key.")
    key: str = strawberry.field(description="The text of the key. It is returned only here.")


@strawberry.type(description="The API key was erased.")
class RevokeApiKeySuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of the erased API key.")


LogInResult = Annotated[
    LogInSuccess
    | InvalidCredentialsError
    | WeakPasswordError
    | ConflictError
    | InvalidInputError
    | ForbiddenError
    | BusyError,
    strawberry.union("LogInResult", description="Result of `logIn`, `refreshSession` and `enableAccounts`."),
]
SignUpResult = Annotated[
    SignUpSuccess | WeakPasswordError | RateLimitedError | InvalidInputError | BusyError,
    strawberry.union("SignUpResult", description="Result of `signUp`."),
]
LogOutResult = Annotated[
    LogOutSuccess | NotFoundError | InvalidInputError,
    strawberry.union("LogOutResult", description="Result of `logOut`."),
]
ChangePasswordResult = Annotated[
    ChangePasswordSuccess | InvalidCredentialsError | WeakPasswordError | RateLimitedError | BusyError,
    strawberry.union("ChangePasswordResult", description="Result of `changePassword`."),
]
UpdateUserResult = Annotated[
    UpdateUserSuccess | NotFoundError | ForbiddenError | InvalidInputError,
    strawberry.union("UpdateUserResult", description="Result of `updateUser`."),
]
DeleteUserResult = Annotated[
    DeleteUserSuccess | NotFoundError | ForbiddenError | ConflictError,
    strawberry.union("DeleteUserResult", description="Result of `deleteUser`."),
]
ResetPasswordResult = Annotated[
    ResetPasswordSuccess | NotFoundError | ForbiddenError,
    strawberry.union("ResetPasswordResult", description="Result of `resetPassword`."),
]
CreateInvitationResult = Annotated[
    CreateInvitationSuccess | ForbiddenError | InvalidInputError | NotFoundError,
    strawberry.union("CreateInvitationResult", description="Result of `createInvitation`."),
]
RevokeInvitationResult = Annotated[
    RevokeInvitationSuccess | NotFoundError,
    strawberry.union("RevokeInvitationResult", description="Result of `revokeInvitation`."),
]
CreateApiKeyResult = Annotated[
    CreateApiKeySuccess | ForbiddenError | InvalidInputError,
    strawberry.union("CreateApiKeyResult", description="Result of `createApiKey`."),
]
RevokeApiKeyResult = Annotated[
    RevokeApiKeySuccess | NotFoundError,
    strawberry.union("RevokeApiKeyResult", description="Result of `revokeApiKey`."),
]


@strawberry.type
class LogInMutations:
    @strawberry.mutation(
        description="Give the person whom the server serves without accounts an address and a password, and log in. From "
        "then on every request needs the credentials of an account, or the access token of the server. Without a "
        "cookie, the "
        "refresh token is returned; a page of this server gets it as a cookie. API keys and invitations that exist are "
        "erased. Returns `ConflictError` if the server has accounts."
    )
    async def enable_accounts(
        self, info: Info, input: Annotated[EnableAccountsInput, strawberry.argument(description="The account.")]
    ) -> LogInResult:
        return LogInSuccess.from_record(
            await accounts.enable_accounts(info.context, input.name, input.email, input.password)
        )

    @strawberry.mutation(
        description="Create an account. Needs no credentials; `SignUpOptions` describes what it needs."
    )
    async def sign_up(
        self, info: Info, input: Annotated[SignUpInput, strawberry.argument(description="The account.")]
    ) -> SignUpResult:
        invitation = or_none(input.invitation)
        ready = await accounts.sign_up(info.context, input.name, input.email, input.password, invitation)
        return SignUpSuccess(ready=ready)

    @strawberry.mutation(
        description="Log in. Needs no credentials. After five failed attempts for an address, each further one has to wait "
        "twice as long, up to 15 minutes; the reply is the same as for a wrong password."
    )
    async def log_in(
        self, info: Info, input: Annotated[LogInInput, strawberry.argument(description="Address and password.")]
    ) -> LogInResult:
        return LogInSuccess.from_record(
            await accounts.log_in(info.context, input.email, input.password, input.delivery)
        )

    @strawberry.mutation(
        description="Return a new access token for a refresh token, and the next refresh token. Needs no other "
        "credentials. A refresh token that is used again after more than 10 seconds ends its log-in."
    )
    async def refresh_session(
        self, info: Info, input: Annotated[RefreshSessionInput, strawberry.argument(description="The token.")]
    ) -> LogInResult:
        return LogInSuccess.from_record(await accounts.refresh_session(info.context, or_none(input.refresh_token)))

    @strawberry.mutation(description="End log-ins of the viewer, with their WebSocket connections.")
    async def log_out(
        self, info: Info, input: Annotated[LogOutInput, strawberry.argument(description="The log-ins.")]
    ) -> LogOutResult:
        login_id = or_none(input.login_id)
        key = None if login_id is None else global_ids.LOGIN.get_key(login_id, "login_id")
        return LogOutSuccess(ended=await accounts.log_out(info.context, key, bool(or_none(input.everywhere))))

    @strawberry.mutation(
        description="Change a password: one's own, or with a code of `resetPassword`. All other log-ins of the user end."
    )
    async def change_password(
        self, info: Info, input: Annotated[ChangePasswordInput, strawberry.argument(description="The passwords.")]
    ) -> ChangePasswordResult:
        current, code = or_none(input.current), or_none(input.code)
        user = await accounts.change_password(info.context, input.password, current, code)
        return ChangePasswordSuccess(user=User.from_record(user, is_viewer=True))


@strawberry.type
class AccountMutations:
    @strawberry.mutation(
        description="Change a user. Everybody may change their own name. Administrators may change the names of "
        "users with a "
        "role below theirs, and close and open their accounts. Only the superadmin changes roles. The WebSocket connections "
        "of the user end if the role is changed or the account is closed."
    )
    async def update_user(
        self, info: Info, input: Annotated[UpdateUserInput, strawberry.argument(description="The changes.")]
    ) -> UpdateUserResult:
        provided = provided_fields(input)
        if provided.get("group_ids") is not None:
            provided["group_ids"] = global_ids.GROUP.get_keys(provided["group_ids"], "group_ids")
        if provided.get("active_session_id") is not None:
            session_id = global_ids.SESSION.get_key(provided["active_session_id"], "active_session_id")
            provided["active_session_id"] = session_id
        user = await accounts.update_user(info.context, global_ids.USER.get_key(provided.pop("id"), "id"), provided)
        return UpdateUserSuccess(user=User.from_record(user))

    @strawberry.mutation(
        description="Erase a user with the sessions, the log-ins, the API keys and all documents that are in no collection. "
        "Documents in a collection are owned by the collection afterwards. The audit log keeps the id without the name. "
        "Everybody may erase themselves with a log-in, except the superadmin; administrators may erase users with a role "
        "below theirs. The account is closed at once. If the erasure takes longer than a mutation may, it continues, "
        "also after a restart."
    )
    async def delete_user(
        self, info: Info, input: Annotated[DeleteUserInput, strawberry.argument(description="The user.")]
    ) -> DeleteUserResult:
        receipt = await accounts.delete_user(info.context, global_ids.USER.get_key(input.id, "id"))
        return DeleteUserSuccess(deleted_id=input.id, receipt=from_record(EraseReceipt, receipt))

    @strawberry.mutation(
        description="Create a code with which another user sets a new password. For administrators; the role of "
        "the user must be "
        "below theirs."
    )
    async def reset_password(
        self, info: Info, input: Annotated[ResetPasswordInput, strawberry.argument(description="The user.")]
    ) -> ResetPasswordResult:
        user_id = global_ids.USER.get_key(input.id, "id")
        return ResetPasswordSuccess(reset_code=await accounts.reset_password(info.context, user_id))

    @strawberry.mutation(description="Create an invitation. For administrators.")
    async def create_invitation(
        self, info: Info, input: Annotated[CreateInvitationInput, strawberry.argument(description="The invitation.")]
    ) -> CreateInvitationResult:
        invitation, code = await accounts.create_invitation(
            info.context,
            or_none(input.email),
            input.role,
            input.expires_in_hours,
            global_ids.GROUP.get_keys(or_none(input.group_ids) or (), "group_ids"),
        )
        return CreateInvitationSuccess(invitation=Invitation.from_record(invitation), invitation_code=code)

    @strawberry.mutation(description="Erase an invitation: nobody can use it any more. For administrators.")
    async def revoke_invitation(
        self, info: Info, input: Annotated[RevokeInvitationInput, strawberry.argument(description="The invitation.")]
    ) -> RevokeInvitationResult:
        await accounts.revoke_invitation(info.context, global_ids.INVITATION.get_key(input.id, "id"))
        return RevokeInvitationSuccess(deleted_id=input.id)

    @strawberry.mutation(description="Create an API key of the viewer. Needs a log-in.")
    async def create_api_key(
        self, info: Info, input: Annotated[CreateApiKeyInput, strawberry.argument(description="The API key.")]
    ) -> CreateApiKeyResult:
        record, text = await accounts.create_api_key(info.context, input.name, input.limit, input.expires_in_days)
        return CreateApiKeySuccess(api_key=ApiKey.from_record(record), key=text)

    @strawberry.mutation(description="Erase an API key of the viewer and end its connections. Needs a log-in.")
    async def revoke_api_key(
        self, info: Info, input: Annotated[RevokeApiKeyInput, strawberry.argument(description="The API key.")]
    ) -> RevokeApiKeyResult:
        await accounts.revoke_api_key(info.context, global_ids.API_KEY.get_key(input.id, "id"))
        return RevokeApiKeySuccess(deleted_id=input.id)
