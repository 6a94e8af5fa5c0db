"""The changes of documents, published to the subscribers and to the queues of ingestion."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import anyio

from records.access import AccessScope, Audience
from records.document import UNFINISHED, DocumentRecord
from records.events import Change, ChangeKind
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.page import PageRequest
from services.broadcast import Broadcast
from services.interfaces.document_store import DocumentStore
from services.memberships import Memberships
from services.snapshot_stream import snapshot_then_live

SNAPSHOT_DOCUMENTS = 100
"""Number of newest documents in a snapshot of all documents; documents that are being ingested are added to them."""
SNAPSHOT_UNFINISHED = 1000
"""Maximum number of documents in a snapshot that are being ingested, the newest ones."""
NEWEST_FIRST = Order("CREATED_AT")

Listener = Callable[[Change[DocumentRecord]], None]
"""A function that is called for every change. It must neither block nor raise."""


class DocumentEvents:
    """Publishes every change of a document after it was stored."""

    def __init__(self, documents: DocumentStore, members: Memberships) -> None:
        self._documents = documents
        self._members = members
        self._changes: Broadcast[DocumentRecord] = Broadcast()
        self._listeners: list[Listener] = []

    @property
    def watchers(self) -> int:
        """The number of subscribers."""
        return self._changes.watchers

    def listen(self, listener: Listener) -> None:
        """Call `listener` for every later change."""
        self._listeners.append(listener)

    def publish_added(self, document: DocumentRecord) -> None:
        """Publish a new document."""
        self._publish(Change(ChangeKind.ADDED, document.id, document, self._members.audience(document)))

    def publish_updated(self, document: DocumentRecord) -> DocumentRecord:
        """Publish the new state of a document and return it."""
        self._publish(Change(ChangeKind.UPDATED, document.id, document, self._members.audience(document)))
        return document

    async def publish_result(self, change: Awaitable[DocumentRecord]) -> DocumentRecord:
        """Wait for a change in the store, publish the document that it returns, and return that.

        If the request is canceled meanwhile, the change is still stored and published.
        """
        with anyio.CancelScope(shield=True):
            document = self.publish_updated(await change)
        return document

    def publish_removed(self, document: DocumentRecord) -> None:
        """Publish that a document was erased."""
        self._publish(Change(ChangeKind.REMOVED, document.id, None, self._members.audience(document)))

    def publish_access(self, kind: ChangeKind, document: DocumentRecord, audience: Audience) -> None:
        """Publish a document to subscribers whose access to it has changed. The queues of ingestion do not receive it."""
        self._changes.publish(Change(kind, document.id, document, audience))

    def publish_lost(self, document_id: DocumentId, audience: Audience) -> None:
        """Publish the removal of a document to subscribers who can no longer read it."""
        self._changes.publish(Change(ChangeKind.REMOVED, document_id, None, audience))

    def _publish(self, change: Change[DocumentRecord]) -> None:
        for listener in self._listeners:
            listener(change)
        self._changes.publish(change)

    @asynccontextmanager
    async def watch(
        self, scope: AccessScope, document_id: DocumentId | None
    ) -> AsyncIterator[AsyncGenerator[Change[DocumentRecord], None]]:
        """Stream a snapshot and then every change: of one document, or of all documents in the scope (None).

        Raises `NotFound` for an unknown id.
        """
        async with self._changes.watch(document_id, lambda change: scope.is_in(change.audience)) as live:
            changes = snapshot_then_live(await self._snapshot(scope, document_id), lambda document: document.id, live)
            async with aclosing(changes):
                yield changes

    async def _snapshot(self, scope: AccessScope, document_id: DocumentId | None) -> list[DocumentRecord]:
        if document_id is not None:
            return [await self._documents.get(scope, document_id)]
        request = PageRequest(first=SNAPSHOT_DOCUMENTS)
        newest = await self._documents.page(scope, DocumentFilter(), NEWEST_FIRST, request)
        unfinished = await self._documents.page(
            scope, DocumentFilter(status=UNFINISHED), NEWEST_FIRST, PageRequest(first=SNAPSHOT_UNFINISHED)
        )
        return list({document.id: document for document in (*newest.items, *unfinished.items)}.values())
