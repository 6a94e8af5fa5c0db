"""Mutations of sessions and messages, and their results."""

from typing import Annotated

import strawberry

from resolvers import messages, sessions
from schema.common import global_ids
from schema.common.errors import (
    BusyError,
    ConflictError,
    InvalidInputError,
    ModelNotReadyError,
    NotFoundError,
    RateLimitedError,
)
from schema.common.info import Info
from schema.common.mapping import from_record, or_none, provided_fields
from schema.common.types import EraseReceipt
from schema.sessions.inputs import (
    CancelGenerationInput,
    CreateSessionInput,
    DeleteMessageInput,
    DeleteSessionInput,
    RateMessageInput,
    SendMessageInput,
    UpdateSessionInput,
    session_changes,
)
from schema.sessions.messages import Message
from schema.sessions.types import Session


@strawberry.type(description="The session was created.")
class CreateSessionSuccess:
    session: Session = strawberry.field(description="The new session.")


@strawberry.type(description="The session was changed.")
class UpdateSessionSuccess:
    session: Session = strawberry.field(description="The session after the change.")


@strawberry.type(description="The session was erased.")
class DeleteSessionSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of the erased session.")
    receipt: EraseReceipt = strawberry.field(description="Counts of the erased data.")


@strawberry.type(
    description="The prompt and its unfinished answer were stored, and the generation of the answer was started."
)
class SendMessageSuccess:
    prompt: Message = strawberry.field(description="The stored prompt.")
    answer: Message = strawberry.field(description="The answer; `messageEvents` reports its generation.")


@strawberry.type(description="The answer was canceled.")
class CancelGenerationSuccess:
    answer: Message = strawberry.field(
        description="The answer, with the text that was generated before it was canceled."
    )


@strawberry.type(description="The prompt and its answer were deleted.")
class DeleteMessageSuccess:
    deleted_ids: list[strawberry.ID] = strawberry.field(description="Ids of the deleted messages, the prompt first.")


@strawberry.type(description="The rating was stored.")
class RateMessageSuccess:
    answer: Message = strawberry.field(description="The answer after the change.")


CreateSessionResult = Annotated[
    CreateSessionSuccess | InvalidInputError | NotFoundError,
    strawberry.union("CreateSessionResult", description="Result of `createSession`."),
]
UpdateSessionResult = Annotated[
    UpdateSessionSuccess | InvalidInputError | NotFoundError,
    strawberry.union("UpdateSessionResult", description="Result of `updateSession`."),
]
DeleteSessionResult = Annotated[
    DeleteSessionSuccess | NotFoundError,
    strawberry.union("DeleteSessionResult", description="Result of `deleteSession`."),
]
SendMessageResult = Annotated[
    SendMessageSuccess
    | InvalidInputError
    | NotFoundError
    | ModelNotReadyError
    | BusyError
    | ConflictError
    | RateLimitedError,
    strawberry.union("SendMessageResult", description="Result of `sendMessage`."),
]
CancelGenerationResult = Annotated[
    CancelGenerationSuccess | NotFoundError | ConflictError,
    strawberry.union("CancelGenerationResult", description="Result of `cancelGeneration`."),
]
DeleteMessageResult = Annotated[
    DeleteMessageSuccess | NotFoundError | ConflictError,
    strawberry.union("DeleteMessageResult", description="Result of `deleteMessage`."),
]
RateMessageResult = Annotated[
    RateMessageSuccess | NotFoundError,
    strawberry.union("RateMessageResult", description="Result of `rateMessage`."),
]


@strawberry.type
class SessionMutations:
    @strawberry.mutation(description="Create a session.")
    async def create_session(
        self,
        info: Info,
        input: Annotated[
            CreateSessionInput, strawberry.argument(description="Name, documents and settings of the session.")
        ],
    ) -> CreateSessionResult:
        record = await sessions.create_session(info.context, session_changes(input))
        return CreateSessionSuccess(session=Session.from_record(record))

    @strawberry.mutation(description="Change the name, documents, settings or archived state of a session.")
    async def update_session(
        self, info: Info, input: Annotated[UpdateSessionInput, strawberry.argument(description="The changes.")]
    ) -> UpdateSessionResult:
        session_id = global_ids.SESSION.get_key(input.id, "id")
        record = await sessions.update_session(info.context, session_id, session_changes(input))
        return UpdateSessionSuccess(session=Session.from_record(record))

    @strawberry.mutation(
        description="Erase a session with its messages. An answer that is being generated is canceled first."
    )
    async def delete_session(
        self, info: Info, input: Annotated[DeleteSessionInput, strawberry.argument(description="The session.")]
    ) -> DeleteSessionResult:
        receipt = await sessions.delete_session(info.context, global_ids.SESSION.get_key(input.id, "id"))
        return DeleteSessionSuccess(deleted_id=input.id, receipt=from_record(EraseReceipt, receipt))


@strawberry.type
class MessageMutations:
    @strawberry.mutation(
        description="Store a prompt and start the generation of its answer. Returns both at once; `messageEvents` "
        "delivers the answer. Returns `ConflictError` if the last answer of the session is unfinished."
    )
    async def send_message(
        self, info: Info, input: Annotated[SendMessageInput, strawberry.argument(description="The prompt.")]
    ) -> SendMessageResult:
        session_id = global_ids.SESSION.get_key(input.session_id, "session_id")
        document_ids = or_none(input.document_ids)
        keys = None if document_ids is None else global_ids.DOCUMENT.get_keys(document_ids, "document_ids")
        prompt, answer = await messages.send_message(info.context, session_id, keys, provided_fields(input))
        return SendMessageSuccess(prompt=Message.from_record(prompt), answer=Message.from_record(answer))

    @strawberry.mutation(
        description="Cancel the generation of an answer; the text that was generated until then is kept. Returns "
        "`ConflictError` if the answer has ended."
    )
    async def cancel_generation(
        self, info: Info, input: Annotated[CancelGenerationInput, strawberry.argument(description="The answer.")]
    ) -> CancelGenerationResult:
        message_id = global_ids.MESSAGE.get_key(input.message_id, "message_id")
        record = await messages.cancel_generation(info.context, message_id)
        return CancelGenerationSuccess(answer=Message.from_record(record))

    @strawberry.mutation(
        description="Delete a prompt with its answer, given the id of either. Returns `ConflictError` if the answer "
        "is unfinished."
    )
    async def delete_message(
        self, info: Info, input: Annotated[DeleteMessageInput, strawberry.argument(description="The message.")]
    ) -> DeleteMessageResult:
        deleted = await messages.delete_message(info.context, global_ids.MESSAGE.get_key(input.id, "id"))
        return DeleteMessageSuccess(deleted_ids=[global_ids.MESSAGE.encode(message_id) for message_id in deleted])

    @strawberry.mutation(
        description="Store or remove the rating of an answer. Returns `NotFoundError` for the id of a prompt."
    )
    async def rate_message(
        self, info: Info, input: Annotated[RateMessageInput, strawberry.argument(description="The rating.")]
    ) -> RateMessageResult:
        message_id = global_ids.MESSAGE.get_key(input.id, "id")
        record = await messages.rate_message(info.context, message_id, provided_fields(input))
        return RateMessageSuccess(answer=Message.from_record(record))
