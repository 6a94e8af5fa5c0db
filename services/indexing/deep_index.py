"""The vectors of one deep embedder: made in small batches, stored in SQLite, applied to an index of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engines.embedding import Embedder
from records.document import ChunkRecord
from records.ids import ChunkId, DocumentId
from records.indexing import IndexCounts
from services.interfaces.vector_index import VectorIndex
from services.worker_retry import retry_after_crash

BATCH = 16
"""Chunks that are embedded and stored together: the most that is lost where it has to give way."""
ERASED_AT_ONCE = 1000
"""Few enough that other writers wait for milliseconds."""


class DeepVectors(Protocol):
    """What one deep embedder made; `persistence/embeddings/deep_embeddings.py` implements it."""

    async def counts(self) -> IndexCounts: ...
    async def next_batch(self, limit: int) -> tuple[ChunkRecord, ...]:
        """Chunks of one READY document, in order; empty where every one has its vector."""
        ...

    async def store(self, embeddings: Sequence[tuple[ChunkRecord, bytes]]) -> None:
        """Store float16 unit vectors of one document's chunks; passes over what changed meanwhile."""
        ...

    async def erase_former(self, limit: int) -> int:
        """Erase up to so many vectors of earlier embedders; 0 once nothing is left of them."""
        ...

    async def embedded(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]: ...
    async def covers(self, document_ids: Sequence[DocumentId] | None) -> bool: ...
    async def lacking(self, chunk_ids: Sequence[ChunkId]) -> frozenset[ChunkId]: ...


class HaltingEmbedder(Embedder, Protocol):
    """`engines.embedding.DeepEmbedder`."""

    async def halt(self) -> None:
        """End the process that embeds documents, at once."""
        ...

    def reset(self) -> None:
        """Try again, though it was given up."""
        ...


@dataclass(frozen=True, slots=True)
class DeepIndex:
    embedder: HaltingEmbedder
    vectors: DeepVectors
    index: VectorIndex

    async def advance(self) -> int:
        """Embed and store the next batch; how many chunks these were, 0 where there was none. Raises `ExpectedError`s."""
        chunks = await self.vectors.next_batch(BATCH)
        if chunks:
            texts = [chunk.embedded_text for chunk in chunks]
            made = await retry_after_crash(lambda: self.embedder.embed_documents(texts))
            await self.vectors.store(list(zip(chunks, made, strict=True)))
        await retry_after_crash(self.index.drain)
        return len(chunks)

    async def erase_former(self) -> None:
        while await self.vectors.erase_former(ERASED_AT_ONCE):
            pass
