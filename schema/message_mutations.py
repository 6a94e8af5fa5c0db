"""Mutations of messages: what they take, what they give back."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from records.session import MessageRating, ThinkingMode
from resolvers import messages
from schema import ids
from schema.errors import BusyError, ConflictError, InvalidInputError, ModelNotReadyError, NotFoundError
from schema.info import Info
from schema.mapping import given, or_none
from schema.message import Message
from schema.sampling import SamplingInput


@strawberry.input(description="A prompt to answer.")
class SendMessageInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    content: str = strawberry.field(description="The prompt, at most 100,000 characters.")
    thinking_mode: ThinkingMode | None = strawberry.field(default=UNSET, description="For this prompt alone.")
    document_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="For this prompt alone, instead of the session's documents."
    )
    sampling: SamplingInput | None = strawberry.field(
        default=UNSET, description="For this prompt alone, over the session's."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key again returns the first answer instead of asking twice."
    )


@strawberry.input(description="An answer to stop.")
class CancelGenerationInput:
    message_id: strawberry.ID = strawberry.field(description="The answer.")


@strawberry.input(description="A prompt or an answer to delete; both go.")
class DeleteMessageInput:
    id: strawberry.ID = strawberry.field(description="The prompt or its answer.")


@strawberry.input(description="What someone thinks of an answer.")
class RateMessageInput:
    id: strawberry.ID = strawberry.field(description="The answer.")
    rating: MessageRating | None = strawberry.field(default=UNSET, description="Null takes it back.")


@strawberry.type(description="The prompt was stored and its answer begun.")
class SendMessageSuccess:
    prompt: Message = strawberry.field(description="The prompt.")
    answer: Message = strawberry.field(description="The answer; watch `messageEvents`.")


@strawberry.type(description="The answer was stopped.")
class CancelGenerationSuccess:
    answer: Message = strawberry.field(description="The answer with what it had.")


@strawberry.type(description="The messages were deleted.")
class DeleteMessageSuccess:
    deleted_ids: list[strawberry.ID] = strawberry.field(description="The ids that they had.")


@strawberry.type(description="The answer was rated.")
class RateMessageSuccess:
    answer: Message = strawberry.field(description="The answer as it is now.")


SendMessageResult = Annotated[
    SendMessageSuccess | InvalidInputError | NotFoundError | ModelNotReadyError | BusyError | ConflictError,
    strawberry.union("SendMessageResult", description="Prompt and answer, or why nothing was asked."),
]
CancelGenerationResult = Annotated[
    CancelGenerationSuccess | NotFoundError | ConflictError,
    strawberry.union("CancelGenerationResult", description="The answer, or why nothing was stopped."),
]
DeleteMessageResult = Annotated[
    DeleteMessageSuccess | NotFoundError | ConflictError,
    strawberry.union("DeleteMessageResult", description="What was deleted, or why nothing was."),
]
RateMessageResult = Annotated[
    RateMessageSuccess | NotFoundError,
    strawberry.union("RateMessageResult", description="The answer, or why it was not rated."),
]


@strawberry.type
class MessageMutations:
    @strawberry.mutation(
        description="Stores the prompt, starts the answer and returns both at once (watch `messageEvents`)."
    )
    async def send_message(
        self, info: Info, input: Annotated[SendMessageInput, strawberry.argument(description="The prompt.")]
    ) -> SendMessageResult:
        session_id = ids.SESSION.get(input.session_id, "session_id")
        within = or_none(input.document_ids)
        documents = None if within is None else ids.DOCUMENT.get_all(within, "document_ids")
        prompt, answer = await messages.send_message(info.context, session_id, documents, given(input))
        return SendMessageSuccess(prompt=Message.of(prompt), answer=Message.of(answer))

    @strawberry.mutation(description="Stops an answer; it keeps what it had.")
    async def cancel_generation(
        self, info: Info, input: Annotated[CancelGenerationInput, strawberry.argument(description="The answer.")]
    ) -> CancelGenerationResult:
        message_id = ids.MESSAGE.get(input.message_id, "message_id")
        return CancelGenerationSuccess(answer=Message.of(await messages.cancel_generation(info.context, message_id)))

    @strawberry.mutation(description="Deletes a prompt and its answer, given either.")
    async def delete_message(
        self, info: Info, input: Annotated[DeleteMessageInput, strawberry.argument(description="The message.")]
    ) -> DeleteMessageResult:
        deleted = await messages.delete_message(info.context, ids.MESSAGE.get(input.id, "id"))
        return DeleteMessageSuccess(deleted_ids=[ids.MESSAGE.of(message_id) for message_id in deleted])

    @strawberry.mutation(description="Keeps what someone thinks of an answer.")
    async def rate_message(
        self, info: Info, input: Annotated[RateMessageInput, strawberry.argument(description="The rating.")]
    ) -> RateMessageResult:
        message_id = ids.MESSAGE.get(input.id, "id")
        return RateMessageSuccess(
            answer=Message.of(await messages.rate_message(info.context, message_id, given(input)))
        )
