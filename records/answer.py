"""Events of an answer in the order in which they are published, and its checkpoints."""

from dataclasses import dataclass

from records.ids import MessageId
from records.session import CitationRecord, MessageError, MessageRecord, MessageStatus


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """An event. `seq` is its number within the answer, from 1; cursors of clients encode it."""

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
    """Replaces events that are not available any more: the complete texts up to and including event `seq`."""

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
    """A checkpoint of an unfinished answer: the changes since the last checkpoint."""

    message_id: MessageId
    status: MessageStatus
    content: str
    reasoning: str
    replaces: bool
    "True if both texts are complete and replace the stored ones; False if they are appended."
    citations: tuple[CitationRecord, ...] | None
    "None if they did not change."
