"""Interface of the store of messages, implemented by `persistence/sessions/messages.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AnyScope
from records.access.usage import UNCOUNTED, TokenCount
from records.answer import AnswerProgress
from records.ids import MessageId, ModelId, SessionId
from records.page import Page, PageRequest
from records.session import MessageRating, MessageRecord, ThinkingMode


class MessageStore(Protocol):
    """Messages of all sessions. An exchange is a prompt and its answer; a session has at most one unfinished answer.

    Each method takes into account only messages within `scope`. Any other id counts as unknown.

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
        """Store a prompt and its answer as PENDING. Return both, and whether the `idempotency_key` was stored before.

        In that case the existing exchange is returned and nothing is stored. Raises `NotFound` for an unknown session, and
        `Conflict` if the session has an unfinished answer.
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
        """Return a page of the messages of a session, oldest first."""
        ...

    async def count(self, scope: AnyScope, session_id: SessionId) -> int:
        """Return the number of messages of a session."""
        ...

    async def history(
        self, scope: AnyScope, session_id: SessionId, before: MessageId, pairs: int
    ) -> tuple[MessageRecord, ...]:
        """Return the last `pairs` completed exchanges before the prompt `before`, oldest first; none for 0."""
        ...

    async def checkpoint(self, scope: AnyScope, progress: AnswerProgress) -> None:
        """Store the progress of an unfinished answer. No-op if it has ended or was deleted."""
        ...

    async def finish(self, scope: AnyScope, message: MessageRecord, used: TokenCount = UNCOUNTED) -> MessageRecord:
        """Store an ended answer, the session's last model, time and usage, and the user's usage, in one transaction.

        `used` are the tokens of all generations of the answer, which count for the user whatever its end.

        Raises `NotFound` if the message was deleted; the user's usage is stored. Repeated calls add the usage once.
        """
        ...

    async def fail_unfinished(self, scope: AnyScope) -> tuple[MessageRecord, ...]:
        """Set every unfinished answer to FAILED (INTERRUPTED) with the text it has, and return them."""
        ...

    async def delete_exchange(self, scope: AnyScope, message_id: MessageId) -> tuple[MessageId, ...]:
        """Delete a prompt and its answer, and return both ids. `message_id` is the id of either.

        Raises `NotFound`, and `Conflict` if the answer is unfinished.
        """
        ...

    async def rate(self, scope: AnyScope, message_id: MessageId, rating: MessageRating | None) -> MessageRecord:
        """Set or clear the rating of an answer. Raises `NotFound` for an unknown id."""
        ...
