"""The index of the deep embedder. Vectors are computed in batches, stored in SQLite, and applied to its vector index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engines.embedding import Embedder
from records.access import AnyScope
from records.document import ChunkRecord
from records.ids import ChunkId, DocumentId
from records.indexing import IndexCounts
from services.interfaces.vector_index import VectorIndex
from services.worker_retry import retry_after_crash

BATCH_SIZE = 16
"""Chunks that are embedded and stored together. At most one batch is lost when indexing is interrupted."""
ERASE_BATCH_SIZE = 1000
"""Vectors that are erased in one transaction: other writers wait for milliseconds only."""


class DeepVectors(Protocol):
    """Interface of the stored vectors of one deep embedder (`persistence/embeddings/deep_embeddings.py`)."""

    async def counts(self) -> IndexCounts: ...
    async def next_batch(self, limit: int) -> tuple[ChunkRecord, ...]:
        """Return chunks of one READY document that have no vector yet, in order; empty if there are none."""
        ...

    async def store(self, embeddings: Sequence[tuple[ChunkRecord, bytes]]) -> None:
        """Store float16 unit vectors of one document's chunks. Chunks that have changed since they were read are ignored."""
        ...

    async def erase_former(self, limit: int) -> int:
        """Erase at most `limit` vectors of earlier deep embedders and return their number; 0 if none are left."""
        ...

    async def embedded(self, scope: AnyScope, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        """Return the number of embedded chunks of each document; documents without any are left out."""
        ...

    async def covers(self, document_ids: Sequence[DocumentId] | None) -> bool:
        """Return whether any chunk of these documents (None: of all) has a vector."""
        ...

    async def lacking(self, chunk_ids: Sequence[ChunkId]) -> frozenset[ChunkId]:
        """Return those of `chunk_ids` that have no vector of this embedder."""
        ...


class InterruptibleEmbedder(Embedder, Protocol):
    """An embedder whose work on documents can be interrupted; `engines.embedding.DeepEmbedder` implements it."""

    async def halt(self) -> None:
        """End the process that embeds documents at once."""
        ...

    def reset(self) -> None:
        """Allow the process to start again after loading the model failed repeatedly."""
        ...


@dataclass(frozen=True, slots=True)
class DeepIndex:
    """The deep embedder, its stored vectors, and the vector index that is filled from them."""

    embedder: InterruptibleEmbedder
    vectors: DeepVectors
    index: VectorIndex

    async def advance(self) -> int:
        """Embed and store the next batch; return the number of chunks, 0 if all are embedded.

        Raises `ExpectedError` if the embedder or the index fails.
        """
        chunks = await self.vectors.next_batch(BATCH_SIZE)
        if chunks:
            texts = [chunk.embedded_text for chunk in chunks]
            vectors = await retry_after_crash(lambda: self.embedder.embed_documents(texts))
            await self.vectors.store(list(zip(chunks, vectors, strict=True)))
        await retry_after_crash(self.index.drain)
        return len(chunks)

    async def erase_former(self) -> None:
        """Erase all vectors of earlier deep embedders."""
        while await self.vectors.erase_former(ERASE_BATCH_SIZE):
            pass
