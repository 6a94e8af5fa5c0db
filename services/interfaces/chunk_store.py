"""Interface of the store of chunks."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.document import (
    ChunkRecord,
    DocumentRecord,
    NewChunk,
)
from records.ids import ChunkId, DocumentId
from records.page import Page, PageRequest
from records.session import (
    MessageRecord,
)


class ChunkStore(Protocol):
    async def add(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None:
        """Store a batch (the keyword index follows by triggers). Hidden from search until the document is EMBEDDING."""
        ...

    async def get(self, chunk_id: ChunkId) -> ChunkRecord: ...
    async def find(self, chunk_id: ChunkId) -> ChunkRecord | None: ...
    async def find_many(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, ChunkRecord]:
        """Live chunks alone: those of searchable documents."""
        ...

    async def neighbour(self, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
        """The chunk `step` places on (negative: before) in the same document."""
        ...

    async def neighbours(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[ChunkId, ...]]:
        """The chunks right before and after each of these in its document, all in one read."""
        ...

    async def page(self, document_id: DocumentId, request: PageRequest) -> Page[ChunkRecord]: ...
    async def count(self, document_id: DocumentId) -> int: ...
    async def cited_by(self, chunk_id: ChunkId, request: PageRequest) -> Page[MessageRecord]: ...
    async def count_cited_by(self, chunk_id: ChunkId) -> int: ...
    async def unembedded(self, document_id: DocumentId, limit: int) -> tuple[ChunkRecord, ...]:
        """The next chunks without an embedding, in order."""
        ...

    async def store_embeddings(
        self, document_id: DocumentId, embeddings: Sequence[tuple[ChunkId, bytes]]
    ) -> DocumentRecord:
        """Store float16 little-endian unit vectors and queue them in the outbox, in one transaction.

        Gives back the document with `embedded_chunks` and `progress` moved on.
        """
        ...
