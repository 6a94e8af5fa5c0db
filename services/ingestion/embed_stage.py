"""The second stage of ingestion: chunks are embedded batch by batch, then the document becomes READY."""

from time import monotonic

from engines.embedding import Embedder
from records.document import DocumentRecord, DocumentStatus
from services.ingestion.document_events import DocumentEvents
from services.ingestion.original_retention import OriginalRetention
from services.interfaces.ingestion_store import IngestionStore
from services.interfaces.vector_index import VectorIndex
from services.worker_retry import retry_after_crash

BATCH = 128
"""Chunks that are embedded and stored together: enough for sorting by length, few enough to be searchable soon."""


class EmbedStage:
    """Embeds one batch of one document at a time."""

    def __init__(
        self,
        documents: IngestionStore,
        vectors: VectorIndex,
        embedder: Embedder,
        originals: OriginalRetention,
        events: DocumentEvents,
    ) -> None:
        self._documents = documents
        self._vectors = vectors
        self._embedder = embedder
        self._originals = originals
        self._events = events
        self.chunks_per_second = 0.0
        "Speed of the last batch in chunks a second; 0 while no document is being embedded."

    async def step(self, document: DocumentRecord) -> DocumentRecord:
        """Embed and store the next batch of chunks, and return the document. It is READY if no chunk was left to embed.

        Raises `DiskFull`, and `WorkerCrashed` after the last retry.
        """
        batch = await self._documents.unembedded(document.id, BATCH)
        if not batch:
            return await self._complete(document)
        start = monotonic()
        vectors = await self._embed([chunk.embedded_text for chunk in batch])
        pairs = [(chunk.id, vector) for chunk, vector in zip(batch, vectors, strict=True)]
        stored = await self._documents.store_embeddings(document.id, pairs)
        await self._drain()
        self.chunks_per_second = len(batch) / max(monotonic() - start, 1e-9)
        return self._events.publish_updated(stored)

    async def _complete(self, document: DocumentRecord) -> DocumentRecord:
        await self._drain()
        self.chunks_per_second = 0.0
        change = self._documents.set_status(document.id, DocumentStatus.READY, progress=1.0)
        ready = await self._events.publish_result(change)
        await self._originals.release(ready)
        return ready

    async def _embed(self, texts: list[str]) -> list[bytes]:
        return await retry_after_crash(lambda: self._embedder.embed_documents(texts))

    async def _drain(self) -> None:
        await retry_after_crash(self._vectors.drain)
