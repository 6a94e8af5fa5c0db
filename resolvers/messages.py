"""Prompts and answers: sent, followed, canceled, rated, deleted."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from records.answer import AnswerEvent
from records.errors import NotFound
from records.ids import DocumentId, MessageId, SessionId
from records.session import MessageRating, MessageRecord, MessageRole
from resolvers.context import Context
from resolvers.session_settings import changed_sampling
from resolvers.validation import MAX_CONTENT, MAX_KEY, check_text


async def find(context: Context, message_id: MessageId) -> MessageRecord | None:
    return await context.messages.find(message_id)


async def send(
    context: Context,
    session_id: SessionId,
    document_ids: Sequence[DocumentId] | None,
    given: Mapping[str, Any],
) -> tuple[MessageRecord, MessageRecord]:
    """The stored prompt and its answer, which has only begun. Null settings are inherited, as if left out."""
    content = check_text(given["content"], MAX_CONTENT, "The prompt", "content")
    key = given.get("idempotency_key")
    if key is not None:
        check_text(key, MAX_KEY, "The key", "idempotency_key")
    return await context.answers.send(
        session_id=session_id,
        content=content,
        thinking_mode=given.get("thinking_mode"),
        document_ids=document_ids,
        sampling=changed_sampling(None, given.get("sampling")),
        idempotency_key=key,
    )


async def cancel(context: Context, message_id: MessageId) -> MessageRecord:
    return await context.answers.cancel(message_id)


async def delete(context: Context, message_id: MessageId) -> tuple[MessageId, ...]:
    """The prompt goes with its answer, whichever was named."""
    message = await context.messages.get(message_id)
    deleted = await context.messages.delete_exchange(message_id)
    await context.session_changes.changed(message.session_id)
    return deleted


async def rate(context: Context, message_id: MessageId, given: Mapping[str, Any]) -> MessageRecord:
    """Null takes the rating back. Only answers are rated: raises `NotFound` for a prompt."""
    message = await context.messages.get(message_id)
    if message.role is not MessageRole.ASSISTANT:
        raise NotFound("message", message_id, field="id")
    if "rating" not in given:
        return message
    rating: MessageRating | None = given["rating"]
    return await context.messages.rate(message_id, rating)


async def stream_events(
    context: Context, message_id: MessageId, after: str | None
) -> AsyncGenerator[AnswerEvent, None]:
    """Replay what is behind `after`, then follow the answer to its terminal event.

    Raises `NotFound` before the stream begins, and from it `InvalidInput` for a prompt or a cursor that is none of ours.
    """
    await context.messages.get(message_id)
    return _follow(context, message_id, after)


async def _follow(context: Context, message_id: MessageId, after: str | None) -> AsyncGenerator[AnswerEvent, None]:
    async with context.answers.follow(message_id, after) as events:
        async for event in events:
            yield event
