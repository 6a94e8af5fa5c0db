"""Interface of the store of documents, their text and headings."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from records.document import (
    Chunking,
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
from records.system import StorageCounts


class DocumentStore(Protocol):
    """Documents, their text and headings."""

    async def add(self, new: NewDocument) -> tuple[DocumentRecord, bool]:
        """Give back the stored document, and whether these bytes (`sha256`) were here already."""
        ...

    async def get(self, document_id: DocumentId) -> DocumentRecord: ...
    async def find(self, document_id: DocumentId) -> DocumentRecord | None: ...
    async def find_by_sha256(self, sha256: str) -> DocumentRecord | None: ...
    async def find_many(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, DocumentRecord]: ...
    async def page(self, filter: DocumentFilter, order: Order, request: PageRequest) -> Page[DocumentRecord]: ...
    async def count(self, filter: DocumentFilter) -> int: ...
    async def with_status(self, statuses: Sequence[DocumentStatus], limit: int = 1000) -> tuple[DocumentRecord, ...]:
        """Oldest first."""
        ...

    async def waiting(self, statuses: Sequence[DocumentStatus]) -> Sequence[tuple[DocumentId, int]]:
        """Ids and sizes in bytes, oldest first; 10,000 at most."""
        ...

    async def update(
        self, document_id: DocumentId, *, name: str | None = None, tags: Sequence[str] | None = None, **metadata: Any
    ) -> DocumentRecord:
        """Change what is given; `metadata=` (also None, to clear) is looked at only where it is passed."""
        ...

    async def set_status(
        self,
        document_id: DocumentId,
        status: DocumentStatus,
        *,
        progress: float = 0.0,
        error: IngestionError | None = None,
    ) -> DocumentRecord: ...
    async def restart(self, document_id: DocumentId, chunking: Chunking | None = None) -> DocumentRecord:
        """Forget text, headings and chunks (their vectors go by the outbox), back to PENDING."""
        ...

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        """One piece of the extracted text, in order; `start` in code points."""
        ...

    async def finish_parsing(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord:
        """Store what parsing learned and turn to EMBEDDING, in one transaction: searchable by words from here on."""
        ...

    async def text(self, document_id: DocumentId, offset: int, length: int) -> str: ...
    async def outline(self, document_id: DocumentId) -> tuple[HeadingRecord, ...]: ...
    async def resolve_scope(
        self, document_ids: Sequence[DocumentId] | None, tags: Sequence[str] | None
    ) -> tuple[DocumentId, ...] | None:
        """The searchable documents that a filter leaves; None where nothing is filtered.

        Raises `NotFound` for an id that no document has.
        """
        ...

    async def mark_deleting(self, document_id: DocumentId) -> DocumentRecord:
        """From when this returns on, no search finds anything of it."""
        ...

    async def erase(self, document_id: DocumentId) -> EraseReceipt:
        """Remove rows, text, chunks, keyword entries and places in sessions; queue the vectors' removal in the outbox.

        The receipt counts the deep embedders' vectors, whose truth goes with the chunks, and not yet the light one's.
        Citations keep their quotes and names and lose their links. Safe to call again after a crash.
        """
        ...

    async def original_in_use(self, sha256: str) -> bool: ...
    async def storage_counts(self) -> StorageCounts: ...
