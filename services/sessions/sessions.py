"""Changes of sessions: each is stored and then published, in the order in which they were stored."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

import anyio

from records.access import AccessScope, AnyScope, Audience
from records.document import EraseReceipt
from records.events import Change, ChangeKind
from records.filters import Order, SessionFilter
from records.ids import CollectionId, DocumentId, MessageId, SessionId
from records.page import PageRequest
from records.session import SessionRecord, SessionSettings
from services.broadcast import Broadcast
from services.interfaces.session_store import SessionStore
from services.snapshot_stream import snapshot_then_live

SNAPSHOT_SESSIONS = 100
"""Maximum number of sessions in a snapshot of all sessions, newest first. Clients read the others page by page."""


class Sessions:
    """Stores sessions and publishes their changes."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._changes: Broadcast[SessionRecord] = Broadcast()
        self._publishing = anyio.Lock()
        "Locked while a session is read or changed and then published, so that an older state never follows a newer one."

    @property
    def watchers(self) -> int:
        """The number of subscribers."""
        return self._changes.watchers

    async def create_session(
        self,
        scope: AccessScope,
        name: str | None,
        document_ids: Sequence[DocumentId],
        settings: SessionSettings,
        collection_ids: Sequence[CollectionId] = (),
    ) -> SessionRecord:
        """Store a session and return it. By default, its name is the current date and time.

        Raises `NotFound` for an unknown document or collection.
        """
        async with self._change():
            name = name or default_name(datetime.now(UTC))
            session = await self._store.create(scope, name, document_ids, settings, collection_ids)
            self._publish(ChangeKind.ADDED, session)
        return session

    async def update_session(
        self,
        scope: AccessScope,
        session_id: SessionId,
        *,
        name: str | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        collection_ids: Sequence[CollectionId] | None = None,
        archived: bool | None = None,
        settings: SessionSettings | None = None,
        head_id: MessageId | None = None,
    ) -> SessionRecord:
        """Change the fields that are not None and return the session.

        Raises `NotFound` for an unknown session, document or collection.
        """
        async with self._change():
            session = await self._store.update(
                scope,
                session_id,
                name=name,
                document_ids=document_ids,
                collection_ids=collection_ids,
                archived=archived,
                settings=settings,
                head_id=head_id,
            )
            self._publish(ChangeKind.UPDATED, session)
        return session

    async def fork_session(self, scope: AccessScope, message_id: MessageId, name: str | None) -> SessionRecord:
        """Store a session with copies of the messages up to one of them. Raises `NotFound` and `Conflict`."""
        async with self._change():
            session = await self._store.fork(scope, message_id, name)
            self._publish(ChangeKind.ADDED, session)
        return session

    async def attach_document(self, scope: AccessScope, session_id: SessionId, document_id: DocumentId) -> None:
        """Attach a document to a session. Raises `NotFound` for an unknown session or document."""
        async with self._change():
            self._publish(ChangeKind.UPDATED, await self._store.attach(scope, session_id, document_id))

    async def delete_session(self, scope: AccessScope, session_id: SessionId) -> EraseReceipt:
        """Delete a session with its messages. Raises `NotFound` for an unknown id."""
        async with self._change():
            session = await self._store.get(scope, session_id)
            receipt = await self._store.delete(scope, session_id)
            self._changes.publish(Change(ChangeKind.REMOVED, session_id, None, Audience(session.owner_id)))
        return receipt

    async def changed(self, scope: AnyScope, session_id: SessionId) -> None:
        """Publish the current state of a session whose messages have changed. No-op for a deleted session."""
        async with self._publishing:
            session = await self._store.find(scope, session_id)
            if session is not None:
                self._publish(ChangeKind.UPDATED, session)

    def _publish(self, kind: ChangeKind, session: SessionRecord) -> None:
        self._changes.publish(Change(kind, session.id, session, Audience(session.owner_id)))

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[None]:
        """Run the block, which stores and publishes a change, after earlier blocks and shielded from cancellation."""
        with anyio.CancelScope(shield=True):
            async with self._publishing:
                yield

    @asynccontextmanager
    async def watch_sessions(
        self, scope: AccessScope, session_id: SessionId | None
    ) -> AsyncIterator[AsyncGenerator[Change[SessionRecord], None]]:
        """Stream a snapshot and then every change: of one session, or of all sessions in the scope (None).

        Raises `NotFound` for an unknown id.
        """
        async with self._changes.watch(session_id, lambda change: scope.is_in(change.audience)) as live:
            changes = snapshot_then_live(await self._snapshot(scope, session_id), lambda session: session.id, live)
            async with aclosing(changes):
                yield changes

    async def _snapshot(self, scope: AccessScope, session_id: SessionId | None) -> Sequence[SessionRecord]:
        if session_id is not None:
            return [await self._store.get(scope, session_id)]
        request = PageRequest(first=SNAPSHOT_SESSIONS)
        newest = await self._store.page(scope, SessionFilter(), Order("LAST_MESSAGE_AT"), request)
        return newest.items


def default_name(moment: datetime) -> str:
    """Return the name of a session that was created at `moment` without one, in UTC."""
    return f"Session - {moment:%m/%d/%Y:%H:%M} UTC"
