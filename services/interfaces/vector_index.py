"""Interface of the vector index, implemented by `persistence/vectors/client.py`."""

from collections.abc import Sequence
from typing import Protocol

from records.ids import DocumentId
from records.retrieval import ScoredChunk


class VectorIndex(Protocol):
    """The vectors of one embedder, in a worker process. It is derived from the vectors that SQLite stores.

    Every method raises `WorkerCrashed` if the process ends during the call.
    """

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        """Return chunks by cosine similarity, best first. `vector` is float32 little-endian of unit length."""
        ...

    async def drain(self) -> int:
        """Apply all entries of the outbox, in paced batches, and return their number."""
        ...

    async def count(self, document_id: DocumentId | None = None) -> int:
        """Return the number of vectors, of one document or of all."""
        ...
