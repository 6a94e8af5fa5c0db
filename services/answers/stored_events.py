"""The events of an answer whose log is gone, made again from its row: what a late or returning client is shown."""

from collections.abc import Callable, Iterator

from records.answer import (
    AnswerEvent,
    Canceled,
    Completed,
    Failed,
    Gap,
    ReasoningWritten,
    Retrieved,
    Started,
    TextWritten,
)
from records.codes import ErrorCode
from records.session import MessageError, MessageRecord, MessageStatus

STORED_BASE = 2**40
"""Events made from a row are numbered above this, so that no live log's number can be taken for theirs."""

Making = Callable[[int], AnswerEvent]


def replay(message: MessageRecord) -> list[AnswerEvent]:
    """The whole story of a finished answer, always with the same numbers; the last event is the terminal one."""
    return [make(STORED_BASE + place) for place, make in enumerate(_story(message), 1)]


def gap(message: MessageRecord) -> list[AnswerEvent]:
    """For a cursor of a log that is gone: everything at once, then the end."""
    whole = replay(message)
    last = whole[-1]
    return [Gap(last.seq - 1, message.id, message.content, message.reasoning or ""), last]


def _story(message: MessageRecord) -> Iterator[Making]:
    yield lambda seq: Started(seq, message.id, message)
    if message.citations:
        took = message.generation.retrieval_ms if message.generation else None
        yield lambda seq: Retrieved(seq, message.id, message.citations, took or 0.0)
    reasoning = message.reasoning
    if reasoning:
        yield lambda seq: ReasoningWritten(seq, message.id, reasoning, 0)
    if message.content:
        yield lambda seq: TextWritten(seq, message.id, message.content, 0)
    yield lambda seq: ending(seq, message)


def ending(seq: int, message: MessageRecord) -> AnswerEvent:
    """The terminal event of a finished answer."""
    match message.status:
        case MessageStatus.COMPLETED:
            return Completed(seq, message.id, message)
        case MessageStatus.CANCELED:
            return Canceled(seq, message.id, message)
        case MessageStatus.FAILED:
            return Failed(seq, message.id, message, message.error or _unexplained())
        case _:
            raise RuntimeError(f"an answer that is {message.status} has no terminal event")


def _unexplained() -> MessageError:
    return MessageError(ErrorCode.INTERNAL, "The answer failed.")
