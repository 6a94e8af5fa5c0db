"""The deep embedder with its vectors, where one is set and can be used."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from bootstrap.stores import Stores
from engines.embedding import (
    DeepEmbedder,
    DeepEmbedderMissing,
    DeepEmbedderUnusable,
    find_embedding_model,
    open_deep_embedder,
)
from engines.embedding.model_discovery import EmbeddingModel, plain_name
from persistence.embeddings.deep_embeddings import DeepVectors
from persistence.embeddings.embedders import adopt_deep
from persistence.embeddings.outbox import Outbox
from persistence.vectors import ChromaIndex, open_vector_index, vector_worker
from services.indexing import DeepIndex
from services.retrieval import DeepSearch
from settings import Settings
from workers import Worker

DEEP_FOLDER = "chroma-deep"
"Other vectors, and another process that must be alone in it."

log = structlog.get_logger("graphlore.indexing")


@dataclass(frozen=True, slots=True)
class DeepParts:
    """What is there once the deep embedder was found."""

    embedder: DeepEmbedder
    vectors: DeepVectors
    index: ChromaIndex


@dataclass(frozen=True, slots=True)
class Deep:
    """`name` is None where none is set; `error` says why the one that is set cannot be used."""

    name: str | None = None
    error: str | None = None
    parts: DeepParts | None = None

    @property
    def generation(self) -> DeepIndex | None:
        return DeepIndex(self.parts.embedder, self.parts.vectors, self.parts.index) if self.parts else None

    @property
    def search(self) -> DeepSearch | None:
        return DeepSearch(self.parts.embedder, self.parts.index, self.parts.vectors) if self.parts else None

    @property
    def vectors(self) -> DeepVectors | None:
        return self.parts.vectors if self.parts else None

    @property
    def index(self) -> ChromaIndex | None:
        return self.parts.index if self.parts else None

    @property
    def dimensions(self) -> int | None:
        return self.parts.embedder.dimensions if self.parts else None

    @property
    def workers(self) -> tuple[Worker, ...]:
        return () if self.parts is None else (self.parts.index.worker, *self.parts.embedder.workers)


@asynccontextmanager
async def open_deep(settings: Settings, stores: Stores) -> AsyncIterator[Deep]:
    """A model that cannot be used does not keep the server from starting: everything goes on with the light one."""
    wanted = settings.deep_embedder
    if wanted is None:
        yield Deep()
        return
    name = plain_name(wanted)
    try:
        model = await asyncio.to_thread(find_embedding_model, wanted, settings.models_folder)
    except (DeepEmbedderMissing, DeepEmbedderUnusable) as failure:
        log.warning("no deep embedder", setting=wanted, reason=failure.message)
        yield Deep(name, failure.message)
        return
    async with AsyncExitStack() as stack:
        yield Deep(name, None, await _parts(model, stores, stack))


async def _parts(model: EmbeddingModel, stores: Stores, stack: AsyncExitStack) -> DeepParts:
    own = await adopt_deep(stores.database, model.name, model.fingerprint, model.dimensions)
    generation = f"{model.name}-{model.fingerprint}"
    spec = vector_worker(stores.database.path, stores.data / DEEP_FOLDER, generation, model.dimensions, own)
    index = await stack.enter_async_context(open_vector_index(spec, Outbox(stores.database, deep=True)))
    embedder = await stack.enter_async_context(open_deep_embedder(model))
    log.info("deep embedder", name=model.name, dimensions=model.dimensions)
    return DeepParts(embedder, DeepVectors(stores.database, own), index)
