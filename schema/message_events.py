"""What happens to an answer while it is made, event by event."""

from collections.abc import Callable
from typing import Any

import strawberry

from records import answer as records
from records.session import MessageStatus
from schema import ids
from schema.citation import Citation
from schema.message import Message, MessageError


@strawberry.interface(
    description="What happens to an answer while it is made. Every event has a cursor to resume behind."
)
class MessageEvent:
    cursor: str = strawberry.field(description="Opaque; `after` takes it.")
    message_id: strawberry.ID = strawberry.field(description="The answer.")


@strawberry.type(description="The answer was begun.")
class MessageStarted(MessageEvent):
    message: Message = strawberry.field(description="The answer as it was then.")


@strawberry.type(description="Passages were looked for.")
class RetrievalCompleted(MessageEvent):
    citations: list[Citation] = strawberry.field(description="The passages that the answer is given.")
    took_ms: float = strawberry.field(description="How long that took.")


@strawberry.type(description="Waiting in the queue, reading the prompt: shown while no token comes yet.")
class MessageProgress(MessageEvent):
    status: MessageStatus = strawberry.field(description="How far the answer is.")
    queue_position: int | None = strawberry.field(description="How many go first, while it waits.")
    prompt_tokens: int | None = strawberry.field(description="Tokens of the prompt, once they are counted.")
    prompt_tokens_read: int | None = strawberry.field(description="How many of them the model has read.")


@strawberry.type(description="The model thought on.")
class ReasoningDelta(MessageEvent):
    text: str = strawberry.field(description="What it thought.")
    offset: int = strawberry.field(description="Characters of reasoning before this delta.")


@strawberry.type(description="The model wrote on.")
class TextDelta(MessageEvent):
    text: str = strawberry.field(description="What it wrote.")
    offset: int = strawberry.field(description="Characters of content before this delta.")


@strawberry.type(description="The answer is whole. The last event.")
class MessageCompleted(MessageEvent):
    message: Message = strawberry.field(description="The answer.")


@strawberry.type(description="The answer was stopped. The last event.")
class MessageCanceled(MessageEvent):
    message: Message = strawberry.field(description="The answer with what it had.")


@strawberry.type(description="The answer failed. The last event.")
class MessageFailed(MessageEvent):
    message: Message = strawberry.field(description="The answer with what it had.")
    error: MessageError = strawberry.field(description="Why it failed.")


@strawberry.type(description="The events asked for are gone: here is everything so far; what follows comes after it.")
class StreamGap(MessageEvent):
    content: str = strawberry.field(description="The answer's whole text so far.")
    reasoning: str = strawberry.field(description="The whole of its reasoning so far.")


MEMBERS = (
    MessageStarted,
    RetrievalCompleted,
    MessageProgress,
    ReasoningDelta,
    TextDelta,
    MessageCompleted,
    MessageCanceled,
    MessageFailed,
    StreamGap,
)


def event_of(event: records.AnswerEvent, cursor_of: Callable[[records.AnswerEvent], str]) -> MessageEvent:
    place: dict[str, Any] = {"cursor": cursor_of(event), "message_id": ids.MESSAGE.of(event.message_id)}
    match event:
        case records.TextWritten():
            return TextDelta(text=event.text, offset=event.offset, **place)
        case records.ReasoningWritten():
            return ReasoningDelta(text=event.text, offset=event.offset, **place)
        case records.Progressed():
            return _progress(event, place)
        case records.Started():
            return MessageStarted(message=Message.of(event.message), **place)
        case records.Retrieved():
            citations = [Citation.of(citation) for citation in event.citations]
            return RetrievalCompleted(citations=citations, took_ms=event.took_ms, **place)
        case records.Completed():
            return MessageCompleted(message=Message.of(event.message), **place)
        case records.Canceled():
            return MessageCanceled(message=Message.of(event.message), **place)
        case records.Failed():
            error = MessageError(code=event.error.code, message=event.error.message)
            return MessageFailed(message=Message.of(event.message), error=error, **place)
        case records.Gap():
            return StreamGap(content=event.content, reasoning=event.reasoning, **place)
        case _:
            raise TypeError(f"the graph has no event for {type(event).__name__}")


def _progress(event: records.Progressed, place: dict[str, Any]) -> MessageProgress:
    return MessageProgress(
        status=event.status,
        queue_position=event.queue_position,
        prompt_tokens=event.prompt_tokens,
        prompt_tokens_read=event.prompt_tokens_read,
        **place,
    )
