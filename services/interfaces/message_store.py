"""Interface of the store of messages, implemented by `persistence/sessions/messages.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AnyScope
from records.answer import AnswerProgress
from records.ids import MessageId, ModelId, SessionId
from records.page import Page, PageRequest
from records.session import MessageRating, MessageRecord, ThinkingMode


class MessageStore(Protocol):
    """Messages of all sessions. An exchange is a prompt and its answer; a session has at most one unfinished answer.

    Each method includes the messages of its scope only: any other id is unknown.

    Methods that write raise `DiskFull` if the disk is full and `Busy` if the database is locked, without any change.
    """

    async def start_exchange(
        self,
        scope: AnyScope,
        session_id: SessionId,
        content: str,
        *,
        thinking_mode: ThinkingMode,
        model_id: ModelId,
        model_name: str,
        idempotency_key: str | None,
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        """Store a prompt and its answer as PENDING, and return both, and whether the key was stored before.

        A known key returns the exchange that has it and stores nothing. Raises `NotFound` for the session, and `Conflict`
        if it has an unfinished answer.
        """
        ...

    async def find_exchange(
        self, scope: AnyScope, session_id: SessionId, idempotency_key: str
    ) -> tuple[MessageRecord, MessageRecord] | None:
        """Return the prompt and the answer that were stored with this key, or None."""
        ...

    async def find_unfinished(self, scope: AnyScope, session_id: SessionId) -> MessageRecord | None:
        """Return the unfinished answer of a session, or None."""
        ...

    async def get(self, scope: AnyScope, message_id: MessageId) -> MessageRecord:
        """Return a message. Raises `NotFound` for an unknown id."""
        ...

    async def find(self, scope: AnyScope, message_id: MessageId) -> MessageRecord | None:
        """Return a message, or None if it is unknown."""
        ...

    async def find_many(self, scope: AnyScope, message_ids: Sequence[MessageId]) -> Mapping[MessageId, MessageRecord]:
        """Return the messages that are known, by id."""
        ...

    async def page(self, scope: AnyScope, session_id: SessionId, request: PageRequest) -> Page[MessageRecord]:
        """Return a page of the messages from the session's first prompt to its latest message, oldest first."""
        ...

    async def count(self, scope: AnyScope, session_id: SessionId) -> int:
        """Return the number of messages from the session's first prompt to its latest message, along their parents."""
        ...

    async def history(
        self, scope: AnyScope, session_id: SessionId, before: MessageId, pairs: int
    ) -> tuple[MessageRecord, ...]:
        """Return the last `pairs` completed exchanges before the prompt `before`, oldest first; none for 0."""
        ...

    async def checkpoint(self, scope: AnyScope, progress: AnswerProgress) -> None:
        """Store the progress of an unfinished answer. No-op if it has ended or was deleted."""
        ...

    async def finish(self, scope: AnyScope, message: MessageRecord) -> MessageRecord:
        """Store an ended answer, and the session's last model, time and usage, in one transaction.

        Raises `NotFound` if the message was deleted. Repeated calls add the usage once.
        """
        ...

    async def fail_unfinished(self, scope: AnyScope) -> tuple[MessageRecord, ...]:
        """Set every unfinished answer to FAILED (INTERRUPTED) with the text it has, and return them."""
        ...

    async def delete_exchange(self, scope: AnyScope, message_id: MessageId) -> tuple[MessageId, ...]:
        """Delete a prompt with its answer, given either, and return both ids.

        Raises `NotFound`, and `Conflict` if the answer is unfinished.
        """
        ...

    async def rate(self, scope: AnyScope, message_id: MessageId, rating: MessageRating | None) -> MessageRecord:
        """Set or clear the rating of an answer. Raises `NotFound` for an unknown id."""
        ...
