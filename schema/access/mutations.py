"""Mutations of users, invitations and API keys, and their results."""

from typing import Annotated

import strawberry

from resolvers import accounts
from schema.access.inputs import (
    CreateApiKeyInput,
    CreateInvitationInput,
    DeleteUserInput,
    ResetPasswordInput,
    RevokeApiKeyInput,
    RevokeInvitationInput,
    UpdateUserInput,
)
from schema.access.types import ApiKey, Invitation, User
from schema.common import global_ids
from schema.common.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from schema.common.info import Info
from schema.common.mapping import from_record, or_none, provided_fields
from schema.common.types import EraseReceipt


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
