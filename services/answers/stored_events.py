"""Events rebuilt from a stored message, for followers of an answer whose event log is gone."""

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
"""Events that are rebuilt from a stored message have numbers above this, and so never a number of a live event log."""

EventFactory = Callable[[int], AnswerEvent]
"""A function that returns an event. Its argument is the sequence number of the event."""


def stored_events(message: MessageRecord) -> list[AnswerEvent]:
    """Return all events of a finished answer; the last one is terminal. The numbers are the same at every call."""
    return [make(STORED_BASE + number) for number, make in enumerate(_event_factories(message), 1)]


def gap_and_end(message: MessageRecord) -> list[AnswerEvent]:
    """Return a `Gap` with the whole text and the terminal event, for a cursor whose log is not available any more."""
    last = stored_events(message)[-1]
    return [Gap(last.seq - 1, message.id, message.content, message.reasoning or ""), last]


def _event_factories(message: MessageRecord) -> Iterator[EventFactory]:
    yield lambda seq: Started(seq, message.id, message)
    if message.citations:
        took = message.generation.retrieval_ms if message.generation else None
        yield lambda seq: Retrieved(seq, message.id, message.citations, took or 0.0)
    reasoning = message.reasoning
    if reasoning:
        yield lambda seq: ReasoningWritten(seq, message.id, reasoning, 0)
    if message.content:
        yield lambda seq: TextWritten(seq, message.id, message.content, 0)
    yield lambda seq: terminal_event(seq, message)


def terminal_event(seq: int, message: MessageRecord) -> AnswerEvent:
    """Return the terminal event of a finished answer. Raises `RuntimeError` for an unfinished answer."""
    match message.status:
        case MessageStatus.COMPLETED:
            return Completed(seq, message.id, message)
        case MessageStatus.CANCELED:
            return Canceled(seq, message.id, message)
        case MessageStatus.FAILED:
            error = message.error or MessageError(ErrorCode.INTERNAL, "The answer failed.")
            return Failed(seq, message.id, message, error)
        case _:
            raise RuntimeError(f"an answer with the status {message.status} has no terminal event")
