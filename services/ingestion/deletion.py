"""Deletion of documents: hidden at once, then erased from every store. An interrupted deletion is completed later."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import anyio
import structlog

from concurrency import Signal
from records.access import AccessScope
from records.document import DocumentRecord, DocumentStatus, EraseReceipt
from records.errors import ExpectedError, NotFound
from records.ids import DocumentId
from services.attempt import attempt
from services.ingestion.document_events import DocumentEvents
from services.ingestion.document_stores import DocumentStores
from services.ingestion.original_retention import OriginalRetention
from services.interfaces.ingestion_store import IngestionStore
from services.interfaces.vector_index import VectorIndex

RETRY_SECONDS = 1.0
"""Pause after a deletion that could not be completed."""

log = structlog.get_logger("graphlore.deletion")


class Deletion:
    """The steps of a deletion. The caller makes sure that no job works on the document."""

    def __init__(
        self,
        stores: DocumentStores,
        vectors: VectorIndex,
        originals: OriginalRetention,
        events: DocumentEvents,
        deep_vectors: VectorIndex | None = None,
    ) -> None:
        self._stores = stores
        self._vectors = vectors
        self._originals = originals
        self._events = events
        self._indexes = (vectors,) if deep_vectors is None else (vectors, deep_vectors)

    async def open_indexes(self) -> None:
        """Wait until the index of vectors is open. One that is opened later does not contain the hidden documents.

        Their vectors would be missing in the receipt.
        """
        try:
            await self._vectors.count()
        except ExpectedError as failure:
            log.warning("vectors are not counted", code=failure.code.value)

    async def hide(self, scope: AccessScope, document_id: DocumentId) -> DocumentRecord:
        """Set the status DELETING and return the document. No search finds it afterwards.

        Raises `NotFound` for an unknown id.
        """
        return await self._events.publish_result(self._stores.requested.mark_deleting(scope, document_id))

    async def erase(self, document: DocumentRecord) -> EraseReceipt:
        """Erase a hidden document and return what was erased. It may be called again after a failure.

        If the vectors worker does not answer, the vectors stay hidden and are removed by the outbox later.
        """
        before = await self._count_vectors(document)
        freed = await self._originals.remove_unused(document.sha256)
        receipt = await self._stores.ingested.erase(
            document.id
        )  # the row goes last: until then the deletion can be repeated
        self._events.publish_removed(document)
        await self._drain(document)
        after = await self._count_vectors(document)
        return replace(
            receipt,
            vectors=receipt.vectors + max(0, before - after),
            originals=1 if freed else 0,
            bytes=receipt.bytes + freed,
        )

    async def _count_vectors(self, document: DocumentRecord) -> int:
        try:
            return await self._vectors.count(document.id)
        except ExpectedError as failure:
            log.warning("vectors not counted", document=document.id, code=failure.code.value)
            return 0

    async def _drain(self, document: DocumentRecord) -> None:
        for index in self._indexes:
            try:
                await index.drain()
            except ExpectedError as failure:
                log.warning("vectors not erased yet", document=document.id, code=failure.code.value)


class DeletionLoop:
    """Completes deletions that were interrupted by the end of the server or by a failure."""

    def __init__(self, documents: IngestionStore, erase: Callable[[DocumentId], Awaitable[object]]) -> None:
        """`erase` stops the job of a hidden document and erases it; it skips a document that a request is erasing."""
        self._documents = documents
        self._erase = erase
        self._requested = Signal()
        self._requested.set()

    def request(self) -> None:
        """Make `run` look for hidden documents again. Called after a deletion has failed."""
        self._requested.set()

    async def run(self) -> None:
        """Erase hidden documents until canceled. A deletion that fails is repeated after a pause."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            if not await self._erase_all():
                await anyio.sleep(RETRY_SECONDS)
                self._requested.set()

    async def _erase_all(self) -> bool:
        """Erase each hidden document, and return whether none is left."""
        hidden: list[DocumentRecord] = []

        async def find() -> None:
            hidden.extend(await self._documents.with_status((DocumentStatus.DELETING,)))

        is_complete = await attempt(find, "search for hidden documents")
        for document in hidden:
            is_complete &= await attempt(partial(self._erase_one, document.id), "deletion of a document")
        if hidden and is_complete:
            self._requested.set()  # a search returns a limited number: there may be more
        return is_complete

    async def _erase_one(self, document_id: DocumentId) -> None:
        try:
            await self._erase(document_id)
        except NotFound:
            log.info("document erased by a request", document=document_id)
