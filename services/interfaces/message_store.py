"""Interface of the store of messages, implemented by `persistence/sessions/messages.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AnyScope
from records.access.usage import UNCOUNTED, TokenCount
from records.answer import AnswerProgress
from records.ids import MessageId, ModelId, SessionId
from records.page import Page, PageRequest
from records.session import HEAD, BranchPoint, MessageRating, MessageRecord, ThinkingMode


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
        point: BranchPoint = HEAD,
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        """Store a prompt and its answer as PENDING. Return both, and whether the `idempotency_key` was stored before.

        In that case the existing exchange is returned and nothing is stored. The answer becomes the head of the session.
        Raises `NotFound` for an unknown session or message, and `Conflict` if the answer that the prompt follows is
        unfinished.
        """
        ...

    async def find_exchange(
        self, scope: AnyScope, session_id: SessionId, idempotency_key: str
    ) -> tuple[MessageRecord, MessageRecord] | None:
        """Return the prompt and the answer that were stored with this key, or None."""
        ...

    async def find_unfinished(self, scope: AnyScope, session_id: SessionId) -> tuple[MessageRecord, ...]:
        """Return the unfinished answers of all branches of a session."""
        ...

    async def start_answer(
        self, scope: AnyScope, prompt_id: MessageId, *, thinking_mode: ThinkingMode, model_id: ModelId, model_name: str
    ) -> tuple[MessageRecord, MessageRecord]:
        """Store another answer of a prompt as PENDING; it becomes the head of the session. Return the prompt and the answer.

        Raises `NotFound`, and `Conflict` if the prompt has an unfinished answer.
        """
        ...

    async def siblings(self, scope: AnyScope, message: MessageRecord) -> tuple[MessageRecord, ...]:
        """Return the messages with the parent and the role of a message, itself included, oldest first."""
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
        """Return a page of the messages from the first prompt of a session to its head, oldest first."""
        ...

    async def count(self, scope: AnyScope, session_id: SessionId) -> int:
        """Return the number of messages from the first prompt of a session to its head."""
        ...

    async def history(self, scope: AnyScope, before: MessageId, pairs: int) -> tuple[MessageRecord, ...]:
        """Return the last `pairs` completed exchanges of the branch of the prompt `before`, oldest first; none for 0."""
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
        """Delete a prompt with its answers, and return all ids. The messages after them follow the message before them.

        `message_id` is the id of the prompt or of its only answer. Of several answers, one is deleted with all messages
        after it. Raises `NotFound`, and `Conflict` if an answer that would be deleted is unfinished.
        """
        ...

    async def rate(self, scope: AnyScope, message_id: MessageId, rating: MessageRating | None) -> MessageRecord:
        """Set or clear the rating of an answer. Raises `NotFound` for an unknown id."""
        ...
