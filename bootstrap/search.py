"""Search: the embedder, the vectors, and the one function that finds passages with them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from bootstrap.deep import Deep, open_deep
from bootstrap.stores import Stores
from engines.embedding import WorkerEmbedder, document_worker, open_embedder, prompt_worker
from engines.reranking import Reranker, open_reranker
from persistence.embeddings.embedders import adopt_light
from persistence.embeddings.outbox import Outbox
from persistence.vectors import ChromaIndex, open_vector_index, vector_worker
from records.tracing import Tracer
from services.retrieval import ObservedRetriever, Retriever
from settings import Settings
from workers import Worker

LIGHT_FOLDER = "chroma"

log = structlog.get_logger("graphlore")


@dataclass(frozen=True, slots=True)
class Search:
    embedder: WorkerEmbedder
    vectors: ChromaIndex
    reranker: Reranker
    deep: Deep
    retriever: ObservedRetriever

    @property
    def workers(self) -> tuple[Worker, ...]:
        return self.vectors.worker, *self.embedder.workers, *self.reranker.workers, *self.deep.workers


@asynccontextmanager
async def open_search(settings: Settings, stores: Stores, tracer: Tracer) -> AsyncIterator[Search]:
    """Vectors of another light embedder than today's are forgotten before anything can read them."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        embedder = await enter(open_embedder(prompt_worker(), document_worker()))
        forgotten = await adopt_light(stores.database, embedder.model, embedder.dimensions)
        if forgotten:
            log.info("another embedder: vectors are made anew", embedder=embedder.model, chunks=forgotten)
        spec = vector_worker(stores.database.path, stores.data / LIGHT_FOLDER, embedder.model, embedder.dimensions)
        vectors = await enter(open_vector_index(spec, Outbox(stores.database)))
        reranker = await enter(open_reranker(embedder, settings.reranker))
        deep = await enter(open_deep(settings, stores))
        retriever = Retriever(
            stores.documents, stores.chunks, stores.keywords, vectors, embedder, reranker, deep.search
        )
        yield Search(embedder, vectors, reranker, deep, ObservedRetriever(retriever, tracer))
