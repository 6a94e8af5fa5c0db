"""Interface of the store that ingestion works on, implemented by `persistence/documents/ingested_documents.py`."""

from collections.abc import Sequence
from typing import Protocol

from records.document import (
    Chunking,
    ChunkRecord,
    DocumentRecord,
    DocumentStatus,
    EraseReceipt,
    IngestionError,
    NewChunk,
    ParsedDocument,
)
from records.ids import ChunkId, DocumentId


class IngestionStore(Protocol):
    """All documents of all users with their chunks, as ingestion reads and changes them.

    It is opened with the scope of the server's own work. A request must first check an id with the request's own scope.
    """

    async def get(self, document_id: DocumentId) -> DocumentRecord:
        """Return a document. Raises `NotFound` for an unknown id."""
        ...

    async def find(self, document_id: DocumentId) -> DocumentRecord | None:
        """Return a document, or None if it is unknown."""
        ...

    async def with_status(self, statuses: Sequence[DocumentStatus], limit: int = 1000) -> tuple[DocumentRecord, ...]:
        """Return the documents in one of these statuses, oldest first."""
        ...

    async def waiting(self, statuses: Sequence[DocumentStatus]) -> Sequence[tuple[DocumentId, int]]:
        """Return ids and sizes in bytes of the documents in one of these statuses, oldest first, at most 10,000."""
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

    async def add_chunks(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None:
        """Store a batch of chunks; triggers add them to the keyword index. Searches find them from the status EMBEDDING on.

        Raises `NotFound` if the document is gone.
        """
        ...

    async def unembedded(self, document_id: DocumentId, limit: int) -> tuple[ChunkRecord, ...]:
        """Return the first `limit` chunks of the document that have no embedding, in the order of the document."""
        ...

    async def store_embeddings(
        self, document_id: DocumentId, embeddings: Sequence[tuple[ChunkId, bytes]]
    ) -> DocumentRecord:
        """Store float16 little-endian unit vectors and queue them in the outbox, in one transaction.

        Returns the document with its new `embedded_chunks` and `progress`.
        """
        ...

    async def finish_parsing(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord:
        """Store the results of parsing and set the status EMBEDDING, in one transaction.

        Keyword search finds the document afterwards.
        """
        ...

    async def erase(self, document_id: DocumentId) -> EraseReceipt:
        """Remove rows, text, chunks, keyword entries and attachments; queue the removal of vectors in the outbox.

        The receipt counts the vectors of deep embedders, which are stored with the chunks, but not the vectors of the light
        embedder. Citations keep their quotes and names and lose their links. It may be called again after a failure.
        """
        ...

    async def original_awaited(self, sha256: str) -> bool:
        """Return whether a document with this hash is neither READY nor being deleted, so that it may still be parsed."""
        ...

    async def original_in_use(self, sha256: str) -> bool:
        """Return whether any document, except those that are being deleted, has the original with this hash."""
        ...
