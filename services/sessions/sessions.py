"""Changes of sessions go through here, so that none is made without being told."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from records.document import EraseReceipt
from records.events import Change, ChangeKind
from records.filters import Order, SessionFilter
from records.ids import DocumentId, SessionId
from records.page import PageRequest
from records.session import SessionRecord, SessionSettings
from services.broadcast import Broadcast
from services.interfaces.session_store import SessionStore
from services.snapshot_stream import snapshot_then_live

SNAPSHOT_SESSIONS = 100
"""A snapshot of all sessions holds the newest ones alone; `sessions` pages through the rest."""


class Sessions:
    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._changes: Broadcast[SessionRecord] = Broadcast()

    @property
    def watchers(self) -> int:
        return self._changes.watchers

    async def create_session(
        self, name: str | None, document_ids: Sequence[DocumentId], settings: SessionSettings
    ) -> SessionRecord:
        """A session without a name is called by its date and time. Raises `NotFound` for an unknown document."""
        session = await self._store.create(name or default_name(datetime.now(UTC)), document_ids, settings)
        self._changes.publish(Change(ChangeKind.ADDED, session.id, session))
        return session

    async def update_session(
        self,
        session_id: SessionId,
        *,
        name: str | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        archived: bool | None = None,
        settings: SessionSettings | None = None,
    ) -> SessionRecord:
        session = await self._store.update(
            session_id, name=name, document_ids=document_ids, archived=archived, settings=settings
        )
        self._tell(session)
        return session

    async def delete_session(self, session_id: SessionId) -> EraseReceipt:
        receipt = await self._store.delete(session_id)
        self._changes.publish(Change(ChangeKind.REMOVED, session_id, None))
        return receipt

    async def changed(self, session_id: SessionId) -> None:
        """Tell watchers that something in the session, such as its newest message, is new."""
        session = await self._store.find(session_id)
        if session is not None:
            self._tell(session)

    def _tell(self, session: SessionRecord) -> None:
        self._changes.publish(Change(ChangeKind.UPDATED, session.id, session))

    @asynccontextmanager
    async def watch_sessions(
        self, session_id: SessionId | None
    ) -> AsyncIterator[AsyncGenerator[Change[SessionRecord], None]]:
        """A snapshot first, then every change. Raises `NotFound` for an unknown session."""
        async with self._changes.watch(session_id) as live:
            yield snapshot_then_live(await self._snapshot(session_id), lambda session: session.id, live)

    async def _snapshot(self, session_id: SessionId | None) -> Sequence[SessionRecord]:
        if session_id is not None:
            return [await self._store.get(session_id)]
        newest = await self._store.page(SessionFilter(), Order("LAST_MESSAGE_AT"), PageRequest(first=SNAPSHOT_SESSIONS))
        return newest.items


def default_name(now: datetime) -> str:
    return f"Session - {now:%m/%d/%Y:%H:%M}"
