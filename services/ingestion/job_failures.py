"""Storage of the failures of jobs. A failure that the database rejects is kept in memory, and stored at the next attempt."""

from collections import Counter

import structlog

from records.codes import ErrorCode
from records.document import UNFINISHED, DocumentRecord, DocumentStatus, IngestionError
from records.errors import DocumentUnreadable, ExpectedError
from records.ids import DocumentId
from services.ingestion.document_events import DocumentEvents
from services.interfaces.ingestion_store import IngestionStore

RETRYABLE = frozenset({ErrorCode.WORKER_CRASHED, ErrorCode.DISK_FULL, ErrorCode.BUSY, ErrorCode.INTERNAL})
"""Codes of temporary failures: the same file may be ingested at another time."""

log = structlog.get_logger("graphlore.ingestion")


class JobFailures:
    """Ends failed jobs: the document becomes FAILED with the reason, and what the job had stored is removed."""

    def __init__(self, documents: IngestionStore, events: DocumentEvents, ends: Counter[DocumentStatus]) -> None:
        self._documents = documents
        self._events = events
        self._ends = ends
        self._unstored: dict[DocumentId, IngestionError] = {}

    def forget(self, document_id: DocumentId) -> None:
        """Forget a failure that is not stored yet: the document was canceled, restarted or deleted."""
        self._unstored.pop(document_id, None)

    async def store_pending(self, document: DocumentRecord) -> bool:
        """Store the failure of an earlier job of this document, and return whether there was one.

        Raises what the store raises, and keeps the failure for another attempt.
        """
        error = self._unstored.get(document.id)
        if error is None:
            return False
        await self._store(document.id, error)
        return True

    async def store(self, document_id: DocumentId, failure: ExpectedError) -> None:
        """Set a document to FAILED. No-op if it is not being ingested any more.

        Raises what the store raises, and keeps the failure for `store_pending`.
        """
        document = await self._documents.find(document_id)
        if document is None or document.status not in UNFINISHED:
            return
        is_retryable = failure.code in RETRYABLE or (isinstance(failure, DocumentUnreadable) and failure.retryable)
        error = IngestionError(document.status, failure.code, failure.message, is_retryable)
        log.warning("ingestion failed", document=document_id, stage=error.stage.value, code=error.code.value)
        self._unstored[document_id] = error
        await self._store(document_id, error)

    async def _store(self, document_id: DocumentId, error: IngestionError) -> None:
        await self._documents.restart(document_id)
        change = self._documents.set_status(document_id, DocumentStatus.FAILED, error=error)
        await self._events.publish_result(change)
        self._ends[DocumentStatus.FAILED] += 1
        self.forget(document_id)
