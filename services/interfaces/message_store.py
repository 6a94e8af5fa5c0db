"""Interface of the store of messages."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.ids import MessageId, ModelId, SessionId
from records.page import Page, PageRequest
from records.session import (
    CitationRecord,
    MessageRating,
    MessageRecord,
    ThinkingMode,
)


class MessageStore(Protocol):
    async def start_exchange(
        self,
        session_id: SessionId,
        content: str,
        *,
        thinking_mode: ThinkingMode,
        model_id: ModelId,
        model_name: str,
        idempotency_key: str | None,
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        """Store the prompt and a PENDING answer in one transaction; gives both, and whether the key was known already.

        Raises `Conflict` while the session has an unfinished answer.
        """
        ...

    async def get(self, message_id: MessageId) -> MessageRecord: ...
    async def find(self, message_id: MessageId) -> MessageRecord | None: ...
    async def find_many(self, message_ids: Sequence[MessageId]) -> Mapping[MessageId, MessageRecord]: ...
    async def page(self, session_id: SessionId, request: PageRequest) -> Page[MessageRecord]:
        """The active path, oldest first."""
        ...

    async def count(self, session_id: SessionId) -> int: ...
    async def history(self, session_id: SessionId, before: MessageId, pairs: int) -> tuple[MessageRecord, ...]:
        """The last `pairs` completed exchanges in front of the prompt `before`, oldest first; 0 gives none."""
        ...

    async def checkpoint(self, message: MessageRecord) -> None:
        """Store an unfinished answer as it stands: status, content, reasoning, citations."""
        ...

    async def finish(self, message: MessageRecord) -> MessageRecord:
        """Store an answer's end, and the session's last model, time and usage, in one transaction."""
        ...

    async def fail_unfinished(self) -> tuple[MessageRecord, ...]:
        """At start: every unfinished answer becomes FAILED (INTERRUPTED) with what it had."""
        ...

    async def delete_exchange(self, message_id: MessageId) -> tuple[MessageId, ...]:
        """Remove a prompt with its answer, given either; raises `Conflict` for one that is unfinished."""
        ...

    async def rate(self, message_id: MessageId, rating: MessageRating | None) -> MessageRecord: ...
    async def citations(self, message_id: MessageId) -> tuple[CitationRecord, ...]: ...
