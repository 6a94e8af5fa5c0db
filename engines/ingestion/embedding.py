"""The second stage of a job: chunks get their vectors, a batch at a time, and the document becomes READY."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from engines.embedding import Embedder
from engines.ingestion.feed import DocumentFeed
from engines.stores import ChunkStore, DocumentStore, VectorIndex
from records.codes import ErrorCode
from records.document import ChunkRecord, DocumentRecord, DocumentStatus, StagedChunk
from records.errors import ExpectedError

BATCH = 128
"""Chunks that are embedded and stored together: enough to sort by length, few enough to be soon visible."""
ATTEMPTS = 3


class EmbeddingStage:
    def __init__(
        self,
        documents: DocumentStore,
        chunks: ChunkStore,
        vectors: VectorIndex,
        embedder: Embedder,
        feed: DocumentFeed,
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
        vectors = await self._embed([embedded_text(chunk) for chunk in batch])
        pairs = [(chunk.id, vector) for chunk, vector in zip(batch, vectors, strict=True)]
        stored = await self._chunks.store_embeddings(document.id, pairs)
        await self._drain()
        self.chunks_per_second = len(batch) / max(monotonic() - began, 1e-9)
        return self._feed.updated(stored)

    async def _embed(self, texts: list[str]) -> list[bytes]:
        return await again_after_crash(lambda: self._embedder.embed_documents(texts))

    async def _drain(self) -> None:
        await again_after_crash(self._vectors.drain)


Result = TypeVar("Result")


async def again_after_crash(action: Callable[[], Awaitable[Result]]) -> Result:
    """Try again where a worker crashed: it is started anew meanwhile. Raises what the last attempt raised."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await action()
        except ExpectedError as failure:
            if failure.code is not ErrorCode.WORKER_CRASHED:
                raise
    return await action()


def embedded_text(chunk: ChunkRecord | StagedChunk) -> str:
    """Title and headings in front of the body: what stands in the chunk alone often does not say what it is about."""
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text
