"""Erasure of sessions with their answers."""

from contextlib import suppress
from typing import Protocol

from records.access import AccessScope
from records.document import EraseReceipt
from records.errors import Conflict
from records.ids import MessageId, SessionId
from records.session import MessageRecord
from services.interfaces.message_store import MessageStore
from services.interfaces.session_store import SessionStore


class Cancels(Protocol):
    """The part of the answers service that cancels an answer."""

    async def cancel_generation(self, scope: AccessScope, message_id: MessageId) -> MessageRecord:
        """Stop an answer. Raises `NotFound`, and `Conflict` for an answer that has ended."""
        ...


class DeletesSessions(Protocol):
    """The part of the sessions service that deletes a session."""

    async def delete_session(self, scope: AccessScope, session_id: SessionId) -> EraseReceipt:
        """Delete a session with its messages. Raises `NotFound` for an unknown id."""
        ...


class SessionErasure:
    """Erases sessions. An answer that is being generated is canceled first."""

    def __init__(
        self, sessions: SessionStore, messages: MessageStore, changes: DeletesSessions, answers: Cancels
    ) -> None:
        self._sessions = sessions
        self._messages = messages
        self._changes = changes
        self._answers = answers

    async def erase(self, scope: AccessScope, session_id: SessionId) -> EraseReceipt:
        """Cancel the unfinished answers of a session, then erase the session with its messages. Raises `NotFound`."""
        await self._sessions.get(scope, session_id)
        for answer in await self._messages.find_unfinished(scope, session_id):
            with suppress(Conflict):  # the answer ended in the meantime
                await self._answers.cancel_generation(scope, answer.id)
        return await self._changes.delete_session(scope, session_id)
