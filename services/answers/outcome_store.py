"""Storage of ended answers. If the database rejects one, it is stored as FAILED as soon as the database accepts that."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import structlog

from concurrency import run_unit
from records.access import AccessScope
from records.access.usage import UNCOUNTED, TokenCount
from records.codes import ErrorCode
from records.errors import ExpectedError, NotFound
from records.ids import MessageId
from records.session import MessageError, MessageRecord, MessageStatus
from services.attempt import attempt
from services.interfaces.message_store import MessageStore

INTERRUPTED = MessageError(
    ErrorCode.INTERRUPTED, "The answer was interrupted before it was complete. Send the prompt again."
)

log = structlog.get_logger("graphlore.answers")


class OutcomeStore:
    """Stores ended answers, so that each has exactly one terminal state."""

    def __init__(self, messages: MessageStore) -> None:
        self._messages = messages
        self._postponed: dict[MessageId, tuple[AccessScope, MessageRecord, TokenCount]] = {}

    async def store(self, scope: AccessScope, ended: MessageRecord, used: TokenCount) -> MessageRecord:
        """Store an ended answer with the tokens that it used, and return it as stored. Never raises.

        If the database rejects the answer, return it as FAILED, with its text and the reason. `retry` stores it later.
        """
        stored = ended

        async def finish() -> None:
            nonlocal stored
            try:
                stored = await self._messages.finish(scope, ended, used)
            except NotFound as failure:
                stored = _not_stored(ended, failure.code, failure.message)
            except ExpectedError as failure:
                stored = self._postpone(scope, _not_stored(ended, failure.code, failure.message), used)

        async def report(message: str) -> None:
            nonlocal stored
            stored = self._postpone(scope, _not_stored(ended, ErrorCode.INTERNAL, message), used)
            found = await self._messages.get(scope, ended.id)
            if found.status.terminal:  # it was committed, and only the confirmation failed
                stored = found
                del self._postponed[ended.id]

        await run_unit(finish, "storage of an ended answer", report)
        return stored

    def _postpone(self, scope: AccessScope, failed: MessageRecord, used: TokenCount) -> MessageRecord:
        assert failed.error is not None
        log.warning("ended answer not stored", message=failed.id, code=failed.error.code.value)
        self._postponed[failed.id] = scope, failed, used
        return failed

    async def retry(self) -> bool:
        """Store the answers that the database rejected before, and return whether none is left."""
        for message_id in list(self._postponed):
            await attempt(partial(self._store_postponed, message_id), "storage of an ended answer")
        return not self._postponed

    async def _store_postponed(self, message_id: MessageId) -> None:
        postponed = self._postponed.get(message_id)
        if postponed is None:
            return
        try:
            await self._messages.finish(*postponed)
        except NotFound:
            log.info("message deleted before its outcome was stored", message=message_id)
        self._postponed.pop(message_id, None)

    async def fail_orphan(self, scope: AccessScope, message: MessageRecord) -> MessageRecord:
        """Store an unfinished answer that no task generates as FAILED with the text it has, and return it.

        Raises what `MessageStore.finish` raises.
        """
        failed = replace(message, status=MessageStatus.FAILED, error=INTERRUPTED, completed_at=datetime.now(UTC))
        _, ended, used = self._postponed.get(message.id, (scope, failed, UNCOUNTED))
        stored = await self._messages.finish(scope, ended, used)
        self._postponed.pop(message.id, None)
        log.warning("orphaned answer failed", message=message.id)
        return stored


def _not_stored(ended: MessageRecord, code: ErrorCode, reason: str) -> MessageRecord:
    error = MessageError(code, f"The answer could not be stored. {reason}")
    return replace(ended, status=MessageStatus.FAILED, error=error)
