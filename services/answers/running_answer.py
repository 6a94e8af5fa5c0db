"""An answer that is being generated: its message, its event log, and the part of it that is stored."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import anyio

from records.access import AccessScope
from records.access.usage import UNCOUNTED, TokenCount
from records.answer import AnswerEvent, AnswerProgress
from records.codes import ErrorCode
from records.ids import MessageId
from records.retrieval import SearchedDocuments
from records.session import (
    CitationRecord,
    GenerationDetails,
    MessageError,
    MessageRecord,
    MessageStatus,
    SessionSettings,
)
from services.answers.event_log import EventLog
from services.answers.stored_events import terminal_event
from services.interfaces.message_store import MessageStore


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """The parts of a completed answer that are known at its end; the text is in the event log."""

    generation: GenerationDetails | None = None
    citations: tuple[CitationRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a generation. `error` is set for FAILED, `result` for COMPLETED."""

    status: MessageStatus
    error: MessageError | None = None
    result: AnswerResult | None = None

    @staticmethod
    def failed(code: ErrorCode, message: str) -> "Outcome":
        """Return the outcome FAILED with this error."""
        return Outcome(MessageStatus.FAILED, MessageError(code, message))


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """The part of an answer that the database has confirmed."""

    seq: int
    content_pieces: int
    reasoning_pieces: int
    citations: tuple[CitationRecord, ...]


@dataclass(slots=True)
class RunningAnswer:
    """One answer while it is generated. Owned by `AnswerRunner`; changed only by the task that generates the answer."""

    access: AccessScope
    "The scope of the user who sent the prompt."
    message: MessageRecord
    prompt: MessageRecord
    settings: SessionSettings
    "The resolved settings, already merged with those of the session, the model and the server."
    searched: SearchedDocuments | None
    "The documents to search; None for all."
    log: EventLog
    used: TokenCount = UNCOUNTED
    "Tokens of the generations that have ended, also of those that were canceled."
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    "Cancels the generation. The outcome is stored outside of this scope."
    stopped: anyio.Event = field(default_factory=anyio.Event)
    "Set after the terminal event, and when the server stops before that."
    hides_prompt: bool = False
    "True if the user may not see the system prompt, and thus not the model input."
    _storing: anyio.Lock = field(default_factory=anyio.Lock)
    _stored: _Checkpoint | None = None
    "The last checkpoint that the database confirmed. None: it is unknown, so the next checkpoint stores the whole text."

    @property
    def id(self) -> MessageId:
        return self.message.id

    def change(
        self, *, status: MessageStatus | None = None, citations: tuple[CitationRecord, ...] | None = None
    ) -> None:
        """Change the status or the citations of the message; None does not change the value."""
        status = self.message.status if status is None else status
        citations = self.message.citations if citations is None else citations
        self.message = replace(self.message, status=status, citations=citations)

    def publish(self, make: Callable[[int], AnswerEvent]) -> None:
        """Append an event to the log; `make` receives its sequence number."""
        self.log.append(make)

    def ended_with(self, outcome: Outcome) -> MessageRecord:
        """Return the message as it is to be stored after `outcome`, with all text that was generated."""
        ended = replace(
            self.message,
            content=self.log.content,
            reasoning=self.log.reasoning or None,
            status=outcome.status,
            error=outcome.error,
            completed_at=datetime.now(UTC),
        )
        if outcome.result is not None:
            ended = replace(ended, generation=outcome.result.generation, citations=outcome.result.citations)
        return ended

    def end(self, message: MessageRecord) -> None:
        """Set the final message and publish the terminal event."""
        self.message = message
        self.publish(lambda seq: terminal_event(seq, message))

    async def checkpoint(self, messages: MessageStore) -> None:
        """Store the changes since the last checkpoint, if there are any. Raises what the store raises."""
        async with self._storing:
            stored, log = self._stored, self.log
            if self.log.ended or (stored is not None and stored.seq == log.last_seq):
                return
            now = _Checkpoint(
                log.last_seq, log.content_text.piece_count, log.reasoning_text.piece_count, self.message.citations
            )
            progress = self._progress_since(stored)
            self._stored = None  # until the store has confirmed it
            await messages.checkpoint(self.access, progress)
            self._stored = now

    def _progress_since(self, stored: _Checkpoint | None) -> AnswerProgress:
        citations = self.message.citations
        return AnswerProgress(
            message_id=self.id,
            status=self.message.status,
            content=self.log.content_text.since(stored.content_pieces if stored else 0),
            reasoning=self.log.reasoning_text.since(stored.reasoning_pieces if stored else 0),
            replaces=stored is None,
            citations=None if stored is not None and stored.citations == citations else citations,
        )
