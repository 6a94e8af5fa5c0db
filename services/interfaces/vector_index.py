"""Interface of the vector index."""

from collections.abc import Sequence
from typing import Protocol

from records.ids import DocumentId
from records.retrieval import ScoredChunk


class VectorIndex(Protocol):
    """Chroma and the exact matrix, in the vectors worker; SQLite's blobs are the truth behind both."""

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        """Cosine similarity, best first; `vector` is float32 little-endian of unit length."""
        ...

    async def drain(self) -> int:
        """Apply the outbox to its end, in paced batches; gives back how many entries were applied."""
        ...

    async def count(self, document_id: DocumentId | None = None) -> int: ...
