"""Interface of the store of chunks, implemented by `persistence/documents/chunks.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.document import ChunkRecord, DocumentRecord, NewChunk
from records.ids import ChunkId, DocumentId
from records.page import Page, PageRequest
from records.session import MessageRecord


class ChunkStore(Protocol):
    """Chunks of documents. Reads by id and by page return chunks of searchable documents only."""

    async def add(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None:
        """Store a batch; triggers add it to the keyword index. Searches find it once the document is EMBEDDING.

        Raises `NotFound` if the document is gone.
        """
        ...

    async def get(self, chunk_id: ChunkId) -> ChunkRecord:
        """Return a chunk. Raises `NotFound` for an unknown id."""
        ...

    async def find(self, chunk_id: ChunkId) -> ChunkRecord | None:
        """Return a chunk, or None if it is unknown."""
        ...

    async def find_many(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, ChunkRecord]:
        """Return the chunks that are known, by id."""
        ...

    async def neighbour(self, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
        """Return the chunk `step` positions after (negative: before) a chunk of the same document, or None."""
        ...

    async def neighbours(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[ChunkId, ...]]:
        """Return the chunks directly before and after each of these in its document, in one read."""
        ...

    async def pages_of(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[DocumentId, int]]:
        """Return the document and the first page of each of these chunks, without those of formats without pages."""
        ...

    async def page(self, document_id: DocumentId, request: PageRequest) -> Page[ChunkRecord]:
        """Return a page of a document's chunks in their order."""
        ...

    async def count(self, document_id: DocumentId) -> int:
        """Return the number of a document's chunks."""
        ...

    async def cited_by(self, chunk_id: ChunkId, request: PageRequest) -> Page[MessageRecord]:
        """Return a page of the answers that cite a chunk, newest first."""
        ...

    async def count_cited_by(self, chunk_id: ChunkId) -> int:
        """Return the number of answers that cite a chunk."""
        ...

    async def unembedded(self, document_id: DocumentId, limit: int) -> tuple[ChunkRecord, ...]:
        """Return the next chunks without an embedding, in their order."""
        ...

    async def store_embeddings(
        self, document_id: DocumentId, embeddings: Sequence[tuple[ChunkId, bytes]]
    ) -> DocumentRecord:
        """Store float16 little-endian unit vectors and queue them in the outbox, in one transaction.

        Returns the document with its new `embedded_chunks` and `progress`.
        """
        ...
