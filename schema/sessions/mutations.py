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
    ForkSessionInput,
    RateMessageInput,
    RegenerateMessageInput,
    SendMessageInput,
    UpdateSessionInput,
    branch_point,
    session_changes,
)
from schema.sessions.messages import Message
from schema.sessions.types import Session


@strawberry.type(description="The session was created.")
class CreateSessionSuccess:
    session: Session = strawberry.field(description="The new session.")


@strawberry.type(description="The fork was created.")
class ForkSessionSuccess:
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


@strawberry.type(description="The messages were deleted.")
class DeleteMessageSuccess:
    deleted_ids: list[strawberry.ID] = strawberry.field(description="Ids of the deleted messages, oldest first.")


@strawberry.type(description="The rating was stored.")
class RateMessageSuccess:
    answer: Message = strawberry.field(description="The answer after the change.")


ForkSessionResult = Annotated[
    ForkSessionSuccess | NotFoundError | ConflictError | InvalidInputError,
    strawberry.union("ForkSessionResult", description="Result of `forkSession`."),
]
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
    strawberry.union("SendMessageResult", description="Result of `sendMessage` and `regenerateMessage`."),
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

    @strawberry.mutation(
        description="Create a session with copies of the messages of another one from the first prompt up to and including "
        "one of them, with its settings, documents and collections. Returns `ConflictError` if the message is unfinished."
    )
    async def fork_session(
        self, info: Info, input: Annotated[ForkSessionInput, strawberry.argument(description="The last message.")]
    ) -> ForkSessionResult:
        message_id = global_ids.MESSAGE.get_key(input.message_id, "message_id")
        record = await sessions.fork_session(info.context, message_id, or_none(input.name))
        return ForkSessionSuccess(session=Session.from_record(record))


@strawberry.type
class MessageMutations:
    @strawberry.mutation(
        description="Store a prompt and start the generation of its answer. Returns both at once; `messageEvents` "
        "delivers the answer, which becomes `Session.head`. Returns `ConflictError` if the answer that the prompt "
        "follows is unfinished."
    )
    async def send_message(
        self, info: Info, input: Annotated[SendMessageInput, strawberry.argument(description="The prompt.")]
    ) -> SendMessageResult:
        session_id = global_ids.SESSION.get_key(input.session_id, "session_id")
        document_ids = or_none(input.document_ids)
        keys = None if document_ids is None else global_ids.DOCUMENT.get_keys(document_ids, "document_ids")
        prompt, answer = await messages.send_message(
            info.context, session_id, keys, branch_point(input), provided_fields(input)
        )
        return SendMessageSuccess(prompt=Message.from_record(prompt), answer=Message.from_record(answer))

    @strawberry.mutation(
        description="Generate another answer of a prompt, as a sibling of the others. It becomes `Session.head`. Returns "
        "`ConflictError` if an answer of the prompt is unfinished."
    )
    async def regenerate_message(
        self, info: Info, input: Annotated[RegenerateMessageInput, strawberry.argument(description="The message.")]
    ) -> SendMessageResult:
        message_id, model_id = global_ids.MESSAGE.get_key(input.message_id, "message_id"), or_none(input.model_id)
        key = None if model_id is None else global_ids.MODEL.get_key(model_id, "model_id")
        prompt, answer = await messages.regenerate_message(info.context, message_id, key, provided_fields(input))
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
        description="Delete a prompt with its answers, given the id of the prompt or of its only answer; the messages after "
        "them follow the message before them. Of several answers of a prompt, delete one with all messages after it. "
        "Returns `ConflictError` if an answer that would be deleted is unfinished."
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
