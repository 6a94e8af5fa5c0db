"""Every change of a document, told to whoever watches."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from records.document import UNFINISHED, DocumentRecord
from records.events import Change, ChangeKind
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.page import PageRequest
from services.broadcast import Broadcast
from services.interfaces.document_store import DocumentStore
from services.snapshot_stream import snapshot_then_live

SNAPSHOT_READY = 100
"""A snapshot of all documents holds those at work and the newest others; `documents` pages through the rest."""


class DocumentEvents:
    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._changes: Broadcast[DocumentRecord] = Broadcast()

    @property
    def watchers(self) -> int:
        return self._changes.watchers

    def added(self, document: DocumentRecord) -> None:
        self._changes.publish(Change(ChangeKind.ADDED, document.id, document))

    def updated(self, document: DocumentRecord) -> DocumentRecord:
        self._changes.publish(Change(ChangeKind.UPDATED, document.id, document))
        return document

    async def after(self, change: Awaitable[DocumentRecord]) -> DocumentRecord:
        """Make a change in the store, then tell it."""
        return self.updated(await change)

    def removed(self, document_id: DocumentId) -> None:
        self._changes.publish(Change(ChangeKind.REMOVED, document_id, None))

    @asynccontextmanager
    async def watch(
        self, document_id: DocumentId | None
    ) -> AsyncIterator[AsyncGenerator[Change[DocumentRecord], None]]:
        """A snapshot first, then every change. Raises `NotFound` for an unknown document."""
        async with self._changes.watch(document_id) as live:
            yield snapshot_then_live(await self._snapshot(document_id), lambda document: document.id, live)

    async def _snapshot(self, document_id: DocumentId | None) -> list[DocumentRecord]:
        if document_id is not None:
            return [await self._documents.get(document_id)]
        newest = await self._documents.page(DocumentFilter(), Order("CREATED_AT"), PageRequest(first=SNAPSHOT_READY))
        shown = {document.id: document for document in newest.items}
        shown |= {document.id: document for document in await self._documents.with_status(UNFINISHED)}
        return list(shown.values())
