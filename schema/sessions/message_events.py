"""Events of an answer, from its start to its terminal event."""

from collections.abc import Callable
from typing import Any

import strawberry

from records import answer as records
from records.session import MessageStatus
from schema.common import global_ids
from schema.sessions.messages import Citation, Message, MessageError


@strawberry.interface(description="An event of an answer. Every event has a cursor from which a client can resume.")
class MessageEvent:
    cursor: str = strawberry.field(description="Opaque position of the event, for the argument `after`.")
    message_id: strawberry.ID = strawberry.field(description="Id of the answer.")


@strawberry.type(description="The answer was stored and its generation was started. First event of an answer.")
class MessageStarted(MessageEvent):
    message: Message = strawberry.field(description="The answer at the start of its generation.")


@strawberry.type(
    description="The documents were searched. Not sent in the modes DIRECT and COT, or if there is no document to"
    " search."
)
class RetrievalCompleted(MessageEvent):
    citations: list[Citation] = strawberry.field(description="Passages that are part of the model input.")
    took_ms: float = strawberry.field(description="Duration of the search in milliseconds.")


@strawberry.type(
    description="Progress before the first token: waiting for the model, retrieval, queueing, or prefill of the "
    "model input. If the reasoning is generated separately (status THINKING), it has a model input of "
    "its own: `queuePosition`, `promptTokens` and `promptTokensRead` are those of the reasoning first, "
    "and start again for the answer (status GENERATING)."
)
class MessageProgress(MessageEvent):
    status: MessageStatus = strawberry.field(description="Status of the answer.")
    queue_position: int | None = strawberry.field(
        description="Position in the queue of the inference engine, from 1; 0 after the engine has started the "
        "generation. Null before the generation is in that queue: while the model is being loaded or the "
        "documents are searched."
    )
    prompt_tokens: int | None = strawberry.field(
        description="Number of tokens in the model input; null before the generation is in the queue of the "
        "inference engine."
    )
    prompt_tokens_read: int | None = strawberry.field(
        description="Number of tokens in the model input that are prefilled or were found in the KV cache; null "
        "before the generation is in the queue of the inference engine."
    )


@strawberry.type(description="The next piece of the reasoning.")
class ReasoningDelta(MessageEvent):
    text: str = strawberry.field(description="Text to append to the reasoning.")
    offset: int = strawberry.field(description="Length of the reasoning before this delta, in Unicode code points.")


@strawberry.type(description="The next piece of the answer's text.")
class TextDelta(MessageEvent):
    text: str = strawberry.field(description="Text to append to the content.")
    offset: int = strawberry.field(description="Length of the content before this delta, in Unicode code points.")


@strawberry.type(description="The answer finished normally. Terminal event.")
class MessageCompleted(MessageEvent):
    message: Message = strawberry.field(description="The finished answer.")


@strawberry.type(description="The answer was canceled. Terminal event.")
class MessageCanceled(MessageEvent):
    message: Message = strawberry.field(description="The answer, with the text that was generated before it ended.")


@strawberry.type(description="The answer failed. Terminal event.")
class MessageFailed(MessageEvent):
    message: Message = strawberry.field(description="The answer, with the text that was generated before it ended.")
    error: MessageError = strawberry.field(description="Reason of the failure.")


@strawberry.type(
    description="Replaces events that are no longer available: it has the complete text of the answer up to this "
    "event. Later events continue that text."
)
class StreamGap(MessageEvent):
    content: str = strawberry.field(description="Complete content of the answer up to this event.")
    reasoning: str = strawberry.field(
        description="Complete reasoning of the answer up to this event; empty if there is none."
    )


MESSAGE_EVENTS = (
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
"""All members of the interface, which the schema needs to know."""


def event_from_record(event: records.AnswerEvent, cursor_of: Callable[[records.AnswerEvent], str]) -> MessageEvent:
    common: dict[str, Any] = {"cursor": cursor_of(event), "message_id": global_ids.MESSAGE.encode(event.message_id)}
    match event:
        case records.TextWritten():
            return TextDelta(text=event.text, offset=event.offset, **common)
        case records.ReasoningWritten():
            return ReasoningDelta(text=event.text, offset=event.offset, **common)
        case records.Progressed():
            return _progress(event, common)
        case records.Started():
            return MessageStarted(message=Message.from_record(event.message), **common)
        case records.Retrieved():
            citations = [Citation.from_record(citation) for citation in event.citations]
            return RetrievalCompleted(citations=citations, took_ms=event.took_ms, **common)
        case records.Completed():
            return MessageCompleted(message=Message.from_record(event.message), **common)
        case records.Canceled():
            return MessageCanceled(message=Message.from_record(event.message), **common)
        case records.Failed():
            error = MessageError(code=event.error.code, message=event.error.message)
            return MessageFailed(message=Message.from_record(event.message), error=error, **common)
        case records.Gap():
            return StreamGap(content=event.content, reasoning=event.reasoning, **common)
        case _:
            raise TypeError(f"the schema has no event for {type(event).__name__}")


def _progress(event: records.Progressed, common: dict[str, Any]) -> MessageProgress:
    return MessageProgress(
        status=event.status,
        queue_position=event.queue_position,
        prompt_tokens=event.prompt_tokens,
        prompt_tokens_read=event.prompt_tokens_read,
        **common,
    )
