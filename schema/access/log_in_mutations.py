"""Mutations of log-ins and passwords, and their results."""

from datetime import datetime
from typing import Annotated

import strawberry

from records import access as records
from resolvers import accounts
from schema.access.inputs import (
    ChangePasswordInput,
    EnableAccountsInput,
    LogInInput,
    LogOutInput,
    RefreshSessionInput,
    SignUpInput,
)
from schema.access.types import User, Viewer
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
from schema.common.mapping import or_none


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
