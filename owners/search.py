"""Search: the embedder, the vectors, and the one function that finds passages with them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engines.embedding import WorkerEmbedder, document_worker, open_embedder, prompt_worker
from engines.reranking import Reranker, open_reranker
from engines.retrieval import ObservedRetriever, Retriever
from owners.stores import Stores
from persistence.outbox import Outbox
from persistence.vectors import ChromaIndex, open_vector_index, vector_worker
from records.tracing import Tracer
from workers import Worker


@dataclass(frozen=True, slots=True)
class Search:
    embedder: WorkerEmbedder
    vectors: ChromaIndex
    reranker: Reranker
    retriever: ObservedRetriever

    @property
    def workers(self) -> tuple[Worker, ...]:
        return self.vectors.worker, *self.embedder.workers, *self.reranker.workers


@asynccontextmanager
async def open_search(stores: Stores, reranker_folder: Path | None, tracer: Tracer) -> AsyncIterator[Search]:
    """`reranker_folder` is that of a cross-encoder, where there is one."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        embedder = await enter(open_embedder(prompt_worker(), document_worker()))
        spec = vector_worker(stores.database.path, stores.data / "chroma", embedder.model, embedder.dimensions)
        vectors = await enter(open_vector_index(spec, Outbox(stores.database)))
        reranker = await enter(open_reranker(embedder, reranker_folder))
        retriever = Retriever(stores.documents, stores.chunks, stores.keywords, vectors, embedder, reranker)
        yield Search(embedder, vectors, reranker, ObservedRetriever(retriever, tracer))
