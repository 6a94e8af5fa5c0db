"""Search: the embedders, the vector indexes, the reranker, and the retriever that uses them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from bootstrap.deep_embedder import Deep, open_deep
from bootstrap.stores import Stores
from concurrency import Supervisor
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
async def open_search(
    supervisor: Supervisor, settings: Settings, stores: Stores, tracer: Tracer
) -> AsyncIterator[Search]:
    """Open the components of search.

    Stored vectors of a light embedder other than the current one are discarded before they are used.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        embedder = await enter(open_embedder(prompt_worker(), document_worker()))
        discarded = await adopt_light(stores.database, embedder.model, embedder.dimensions)
        if discarded:
            log.info("embedder changed; vectors are computed again", embedder=embedder.model, chunks=discarded)
        spec = vector_worker(stores.database.path, stores.data / LIGHT_FOLDER, embedder.model, embedder.dimensions)
        vectors = await enter(open_vector_index(supervisor, spec, Outbox(stores.database)))
        reranker = await enter(open_reranker(embedder, settings.reranker))
        deep = await enter(open_deep(supervisor, settings, stores))
        retriever = Retriever(
            stores.documents, stores.chunks, stores.keywords, vectors, embedder, reranker, deep.search
        )
        yield Search(embedder, vectors, reranker, deep, ObservedRetriever(retriever, tracer))
