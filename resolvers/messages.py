"""Messages: send a prompt, cancel, rate and delete, and follow the events of an answer."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from records.answer import AnswerEvent
from records.errors import NotFound
from records.ids import DocumentId, MessageId, ModelId, SessionId
from records.session import BranchPoint, MessageRating, MessageRecord, MessageRole
from resolvers.request_context import Context
from resolvers.session_settings import apply_sampling
from resolvers.subscription_streams import stream
from resolvers.validation import MAX_CONTENT_LENGTH, MAX_KEY_LENGTH, check_text


async def send_message(
    context: Context,
    session_id: SessionId,
    document_ids: Sequence[DocumentId] | None,
    point: BranchPoint,
    provided: Mapping[str, Any],
) -> tuple[MessageRecord, MessageRecord]:
    """Store a prompt and start its answer; return both. A setting that is null is inherited, as if it were omitted.

    Raises `NotFound` for an unknown session or document, `InvalidInput` for an invalid text or setting, `ModelNotReady` if
    the model is neither READY nor LOADING, `Busy` if the limit of unfinished answers is reached, and `Conflict` if the
    answer that the prompt follows is unfinished.
    """
    content = check_text(provided["content"], MAX_CONTENT_LENGTH, "content")
    key = provided.get("idempotency_key")
    if key is not None:
        check_text(key, MAX_KEY_LENGTH, "idempotency_key")
    return await context.answers.send_message(
        context.scope,
        session_id=session_id,
        content=content,
        thinking_mode=provided.get("thinking_mode"),
        document_ids=document_ids,
        sampling=apply_sampling(None, provided.get("sampling")),
        idempotency_key=key,
        point=point,
    )


async def regenerate_message(
    context: Context, message_id: MessageId, model_id: ModelId | None, provided: Mapping[str, Any]
) -> tuple[MessageRecord, MessageRecord]:
    """Start another answer of a prompt; return both. Raises what `send_message` raises."""
    if model_id is not None:
        context.models.get(model_id)
    return await context.answers.regenerate_message(
        context.scope,
        message_id,
        thinking_mode=provided.get("thinking_mode"),
        model_id=model_id,
        sampling=apply_sampling(None, provided.get("sampling")),
    )


async def list_siblings(context: Context, message: MessageRecord) -> tuple[MessageRecord, ...]:
    return await context.messages.siblings(context.scope, message)


async def cancel_generation(context: Context, message_id: MessageId) -> MessageRecord:
    """Stop an answer and return it. Raises `NotFound` for an unknown id, and `Conflict` if the answer has ended."""
    return await context.answers.cancel_generation(context.scope, message_id)


async def delete_message(context: Context, message_id: MessageId) -> tuple[MessageId, ...]:
    """Delete a prompt with its answer, given the id of either; return both ids.

    Raises `NotFound` for an unknown id, and `Conflict` if the answer is unfinished.
    """
    return await context.answers.delete_message(context.scope, message_id)


async def rate_message(context: Context, message_id: MessageId, provided: Mapping[str, Any]) -> MessageRecord:
    """Store the rating of an answer; null removes it. Raises `NotFound` for an unknown message and for a prompt."""
    message = await context.messages.get(context.scope, message_id)
    if message.role is not MessageRole.ASSISTANT:
        raise NotFound("message", message_id, field="id")
    if "rating" not in provided:
        return message
    rating: MessageRating | None = provided["rating"]
    return await context.messages.rate(context.scope, message_id, rating)


async def stream_message_events(
    context: Context, message_id: MessageId, after: str | None
) -> AsyncGenerator[AnswerEvent, None]:
    """Return the events of an answer after a cursor: recorded ones first, then live ones up to the terminal event.

    Raises `NotFound` at once. The stream raises `InvalidInput` for a prompt and for an invalid cursor.
    """
    await context.messages.get(context.scope, message_id)
    return stream(context.answers.follow_answer(context.scope, message_id, after))
