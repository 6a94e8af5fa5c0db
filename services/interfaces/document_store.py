"""Interface of the store of documents, implemented by `persistence/documents/documents.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.document import (
    Chunking,
    DocumentChanges,
    DocumentRecord,
    DocumentStatus,
    EraseReceipt,
    HeadingRecord,
    IngestionError,
    NewDocument,
    ParsedDocument,
)
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.page import Page, PageRequest


class DocumentStore(Protocol):
    """Documents, their text and their headings. A document in DELETING keeps this status until it is erased."""

    async def add(self, new: NewDocument) -> tuple[DocumentRecord, bool]:
        """Store a document. Return it, and False; or the existing document with the same bytes (`sha256`), and True.

        An existing document is not changed. A document that is being deleted does not count as existing.
        """
        ...

    async def get(self, document_id: DocumentId) -> DocumentRecord:
        """Return a document. Raises `NotFound` for an unknown id."""
        ...

    async def find(self, document_id: DocumentId) -> DocumentRecord | None:
        """Return a document, or None if it is unknown."""
        ...

    async def find_many(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, DocumentRecord]:
        """Return the documents that are known, by id."""
        ...

    async def page(self, filter: DocumentFilter, order: Order, request: PageRequest) -> Page[DocumentRecord]:
        """Return a page of the documents that match a filter."""
        ...

    async def count(self, filter: DocumentFilter) -> int:
        """Return the number of documents that match a filter."""
        ...

    async def with_status(self, statuses: Sequence[DocumentStatus], limit: int = 1000) -> tuple[DocumentRecord, ...]:
        """Return the documents in one of these statuses, oldest first."""
        ...

    async def waiting(self, statuses: Sequence[DocumentStatus]) -> Sequence[tuple[DocumentId, int]]:
        """Return ids and sizes in bytes of the documents in one of these statuses, oldest first, at most 10,000."""
        ...

    async def update(self, document_id: DocumentId, changes: DocumentChanges) -> DocumentRecord:
        """Change fields and return the document. Raises `NotFound` for an unknown id."""
        ...

    async def set_status(
        self,
        document_id: DocumentId,
        status: DocumentStatus,
        *,
        progress: float = 0.0,
        error: IngestionError | None = None,
    ) -> DocumentRecord:
        """Store a status, with a progress of 0 to 1, and return the document. Raises `NotFound` for an unknown id."""
        ...

    async def restart(self, document_id: DocumentId, chunking: Chunking | None = None) -> DocumentRecord:
        """Set a document to PENDING and remove its text, headings and chunks; the outbox removes their vectors.

        This takes several transactions; the first one hides the document from search. Raises `NotFound` for an unknown id.
        """
        ...

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        """Store the next piece of the extracted text; `start` is its offset in code points.

        Raises `NotFound` for an unknown id.
        """
        ...

    async def finish_parsing(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord:
        """Store the results of parsing and set the status EMBEDDING, in one transaction.

        Keyword search finds the document afterwards.
        """
        ...

    async def text(self, document_id: DocumentId, offset: int, length: int) -> str:
        """Return at most `length` code points of a document's text, starting at `offset` (from 0).

        The text is empty at or past the end, and for a document that is unknown or not parsed yet.
        """
        ...

    async def outline(self, document_id: DocumentId) -> tuple[HeadingRecord, ...]:
        """Return the headings of a document in their order."""
        ...

    async def resolve_scope(
        self, document_ids: Sequence[DocumentId] | None, tags: Sequence[str] | None
    ) -> tuple[DocumentId, ...] | None:
        """Return the searchable documents that a filter allows; None for no filter.

        Raises `NotFound` for an unknown id.
        """
        ...

    async def mark_deleting(self, document_id: DocumentId) -> DocumentRecord:
        """Set the status DELETING. No search finds anything of the document after this.

        Raises `NotFound` for an unknown id.
        """
        ...

    async def erase(self, document_id: DocumentId) -> EraseReceipt:
        """Remove rows, text, chunks, keyword entries and attachments; queue the removal of vectors in the outbox.

        The receipt counts the vectors of deep embedders, which are stored with the chunks, but not those of the light
        one. Citations keep their quotes and names and lose their links. It may be called again after a failure.
        """
        ...

    async def original_in_use(self, sha256: str) -> bool:
        """Return whether any document, except those that are being deleted, has the original with this hash."""
        ...
