"""Interface of the store of chunks, implemented by `persistence/documents/chunks.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AnyScope
from records.document import ChunkRecord
from records.ids import ChunkId, DocumentId
from records.page import Page, PageRequest
from records.session import MessageRecord


class ChunkStore(Protocol):
    """Chunks of documents.

    Each method takes into account only chunks of searchable documents within `scope`. Any other id counts as unknown.
    """

    async def get(self, scope: AnyScope, chunk_id: ChunkId) -> ChunkRecord:
        """Return a chunk. Raises `NotFound` for an unknown id."""
        ...

    async def find(self, scope: AnyScope, chunk_id: ChunkId) -> ChunkRecord | None:
        """Return a chunk, or None if it is unknown."""
        ...

    async def find_many(self, scope: AnyScope, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, ChunkRecord]:
        """Return the chunks that are known, by id."""
        ...

    async def neighbour(self, scope: AnyScope, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
        """Return the chunk `step` positions after (negative: before) a chunk of the same document, or None."""
        ...

    async def neighbours(self, scope: AnyScope, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[ChunkId, ...]]:
        """Return, for each of these chunks, the ids of the chunks directly before and after it in its document."""
        ...

    async def pages_of(self, scope: AnyScope, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[DocumentId, int]]:
        """Return, by id, the document and the first page of each of these chunks. Chunks without a page are left out."""
        ...

    async def page(self, scope: AnyScope, document_id: DocumentId, request: PageRequest) -> Page[ChunkRecord]:
        """Return a page of a document's chunks in their order."""
        ...

    async def count(self, scope: AnyScope, document_id: DocumentId) -> int:
        """Return the number of a document's chunks."""
        ...

    async def cited_by(self, scope: AnyScope, chunk_id: ChunkId, request: PageRequest) -> Page[MessageRecord]:
        """Return a page of the scope's answers that cite a chunk, newest first."""
        ...

    async def count_cited_by(self, scope: AnyScope, chunk_id: ChunkId) -> int:
        """Return the number of the scope's answers that cite a chunk."""
        ...
