"""The events of an answer, numbered, as its log keeps them."""

from dataclasses import dataclass

from records.ids import MessageId
from records.session import CitationRecord, MessageError, MessageRecord, MessageStatus


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """`seq` counts from 1 and never repeats; the cursor that clients see is made of it."""

    seq: int
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Started(AnswerEvent):
    message: MessageRecord


@dataclass(frozen=True, slots=True)
class Retrieved(AnswerEvent):
    citations: tuple[CitationRecord, ...]
    took_ms: float


@dataclass(frozen=True, slots=True)
class Progressed(AnswerEvent):
    status: MessageStatus
    queue_position: int | None = None
    prompt_tokens: int | None = None
    prompt_tokens_read: int | None = None


@dataclass(frozen=True, slots=True)
class ReasoningWritten(AnswerEvent):
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class TextWritten(AnswerEvent):
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Gap(AnswerEvent):
    """The events asked for are gone: everything so far; what follows comes after `seq`."""

    content: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class Completed(AnswerEvent):
    message: MessageRecord


@dataclass(frozen=True, slots=True)
class Canceled(AnswerEvent):
    message: MessageRecord


@dataclass(frozen=True, slots=True)
class Failed(AnswerEvent):
    message: MessageRecord
    error: MessageError


TERMINAL = (Completed, Canceled, Failed)


@dataclass(frozen=True, slots=True)
class AnswerProgress:
    """A checkpoint of an unfinished answer: what has changed since the last one."""

    message_id: MessageId
    status: MessageStatus
    content: str
    reasoning: str
    replaces: bool
    "True: both texts are whole and replace what is stored. False: they are appended to it."
    citations: tuple[CitationRecord, ...] | None
    "None: unchanged."
