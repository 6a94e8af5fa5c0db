"""Deleting a document: hidden at once, erased from every store, counted again; a crash half-way is finished at the start."""

import asyncio
from dataclasses import replace

import structlog

from records.document import DocumentRecord, EraseReceipt
from records.errors import ExpectedError
from services.ingestion.document_events import DocumentEvents
from services.interfaces.document_store import DocumentStore
from services.interfaces.original_files import Originals
from services.interfaces.vector_index import VectorIndex

log = structlog.get_logger("graphlore.deletion")


class Deletion:
    def __init__(
        self,
        documents: DocumentStore,
        vectors: VectorIndex,
        originals: Originals,
        feed: DocumentEvents,
        originals_lock: asyncio.Lock,
        deep_vectors: VectorIndex | None = None,
    ) -> None:
        self._documents = documents
        self._vectors = vectors
        self._originals = originals
        self._feed = feed
        self._originals_lock = originals_lock
        self._indexes = (vectors,) if deep_vectors is None else (vectors, deep_vectors)

    async def hide(self, document: DocumentRecord) -> DocumentRecord:
        """From when this returns on, nothing of the document is found."""
        return await self._feed.after(self._documents.mark_deleting(document.id))

    async def erase(self, document: DocumentRecord) -> EraseReceipt:
        """Erase what `hide` hid. Vectors that cannot be reached now stay hidden and go by the outbox later."""
        before = await self._count(document)
        receipt = await self._documents.erase(document.id)
        after = await self._drained(document)
        freed = 0
        async with self._originals_lock:
            if not await self._documents.original_in_use(document.sha256):
                freed = await self._originals.remove(document.sha256)
        self._feed.removed(document.id)
        return replace(
            receipt,
            vectors=receipt.vectors + max(0, before - after),
            originals=1 if freed else 0,
            bytes=receipt.bytes + freed,
        )

    async def _count(self, document: DocumentRecord) -> int:
        try:
            return await self._vectors.count(document.id)
        except ExpectedError as failure:
            log.warning("vectors not counted", document=document.id, code=failure.code.value)
            return 0

    async def _drained(self, document: DocumentRecord) -> int:
        for index in self._indexes:
            try:
                await index.drain()
            except ExpectedError as failure:
                log.warning("vectors are erased later", document=document.id, code=failure.code.value)
        return await self._count(document)
