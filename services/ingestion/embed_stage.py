"""The second stage of a job: chunks get their vectors, a batch at a time, and the document becomes READY."""

from time import monotonic

from engines.embedding import Embedder
from records.document import DocumentRecord, DocumentStatus
from services.ingestion.document_events import DocumentEvents
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.vector_index import VectorIndex
from services.worker_retry import retry_after_crash

BATCH = 128
"""Chunks that are embedded and stored together: enough to sort by length, few enough to be soon visible."""


class EmbeddingStage:
    def __init__(
        self,
        documents: DocumentStore,
        chunks: ChunkStore,
        vectors: VectorIndex,
        embedder: Embedder,
        feed: DocumentEvents,
    ) -> None:
        self._documents = documents
        self._chunks = chunks
        self._vectors = vectors
        self._embedder = embedder
        self._feed = feed
        self.chunks_per_second = 0.0

    async def step(self, document: DocumentRecord) -> DocumentRecord:
        """Embed the next batch of a document; READY comes back when none was left and all vectors can be searched."""
        batch = await self._chunks.unembedded(document.id, BATCH)
        if not batch:
            await self._drain()
            self.chunks_per_second = 0.0
            return await self._feed.after(self._documents.set_status(document.id, DocumentStatus.READY, progress=1.0))
        began = monotonic()
        vectors = await self._embed([chunk.embedded_text for chunk in batch])
        pairs = [(chunk.id, vector) for chunk, vector in zip(batch, vectors, strict=True)]
        stored = await self._chunks.store_embeddings(document.id, pairs)
        await self._drain()
        self.chunks_per_second = len(batch) / max(monotonic() - began, 1e-9)
        return self._feed.updated(stored)

    async def _embed(self, texts: list[str]) -> list[bytes]:
        return await retry_after_crash(lambda: self._embedder.embed_documents(texts))

    async def _drain(self) -> None:
        await retry_after_crash(self._vectors.drain)
