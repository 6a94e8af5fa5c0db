"""An answer at work: its record as it stands, its log, and the one way in which its state changes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import anyio

from records.answer import AnswerEvent
from records.errors import ExpectedError
from records.ids import DocumentId
from records.session import MessageError, MessageRecord, MessageStatus, SessionSettings
from services.answers.event_log import EventLog
from services.answers.stored_events import ending
from services.interfaces.message_store import MessageStore


@dataclass(slots=True)
class RunningAnswer:
    """Everything that belongs to one answer while it is made; owned by `Answers`, changed by its own task alone."""

    message: MessageRecord
    prompt: MessageRecord
    settings: SessionSettings
    document_ids: tuple[DocumentId, ...] | None
    log: EventLog
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    canceled: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)
    _storing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _stored_seq: int = 0

    def change(self, **changes: Any) -> None:
        self.message = replace(self.message, **changes)

    def publish(self, make: Callable[[int], AnswerEvent]) -> None:
        self.log.append(make)

    def as_it_stands(self) -> MessageRecord:
        return replace(self.message, content=self.log.content, reasoning=self.log.reasoning or None)

    async def checkpoint(self, messages: MessageStore) -> None:
        """Store how far the answer is, where anything changed since the last time and it has not ended."""
        async with self._storing:
            if not self.message.status.terminal and self._stored_seq != self.log.last_seq:
                self._stored_seq = self.log.last_seq
                await messages.checkpoint(self.as_it_stands())

    async def finish(self, messages: MessageStore, status: MessageStatus, **changes: Any) -> None:
        """Store the end, then tell it: a terminal event is never seen before it is durable.

        A cancellation waits until it is done.
        """
        with anyio.CancelScope(shield=True):
            async with self._storing:
                ended = replace(self.as_it_stands(), status=status, completed_at=datetime.now(UTC), **changes)
                self.message = await _stored(messages, ended)
        self.log.append(lambda seq: ending(seq, self.message))
        self.done.set()


async def _stored(messages: MessageStore, ended: MessageRecord) -> MessageRecord:
    """The end as it is on disk; where the disk takes nothing, the failure that the client is told instead."""
    try:
        return await messages.finish(ended)
    except ExpectedError as failure:
        error = MessageError(failure.code, f"The answer could not be stored. {failure.message}")
        return replace(ended, status=MessageStatus.FAILED, error=error)
