"""The deep embedder and its vectors, if one is configured and usable."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from anyio import to_thread

from bootstrap.stores import Stores
from concurrency import Supervisor
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
from records.access.system_scope import SYSTEM
from services.indexing import DeepIndex
from services.retrieval import DeepSearch
from settings import Settings
from workers import Worker

DEEP_FOLDER = "chroma-deep"
"""Folder of the deep vectors: separate from the light ones, because each vectors process owns its folder."""

log = structlog.get_logger("graphlore.indexing")


@dataclass(frozen=True, slots=True)
class DeepParts:
    """The opened parts of a usable deep embedder."""

    embedder: DeepEmbedder
    vectors: DeepVectors
    index: ChromaIndex


@dataclass(frozen=True, slots=True)
class Deep:
    """The configured deep embedder. `name` is None if none is configured.

    `parts` is None if none is configured or it cannot be used. `error` is the reason why it cannot be used, else None.
    """

    name: str | None = None
    error: str | None = None
    parts: DeepParts | None = None

    @property
    def deep_index(self) -> DeepIndex | None:
        return DeepIndex(self.parts.embedder, self.parts.vectors, self.parts.index) if self.parts else None

    @property
    def search(self) -> DeepSearch | None:
        return DeepSearch(self.parts.embedder, self.parts.index, self.parts.vectors) if self.parts else None

    @property
    def vectors(self) -> DeepVectors | None:
        return self.parts.vectors if self.parts else None

    @property
    def vector_index(self) -> ChromaIndex | None:
        return self.parts.index if self.parts else None

    @property
    def dimensions(self) -> int | None:
        return self.parts.embedder.dimensions if self.parts else None

    @property
    def workers(self) -> tuple[Worker, ...]:
        return () if self.parts is None else (self.parts.index.worker, *self.parts.embedder.workers)


@asynccontextmanager
async def open_deep(supervisor: Supervisor, settings: Settings, stores: Stores) -> AsyncIterator[Deep]:
    """Open the configured deep embedder. If it is unusable, the server starts anyway and uses the light one alone."""
    setting = settings.deep_embedder
    if setting is None:
        yield Deep()
        return
    name = plain_name(setting)
    try:
        model = await to_thread.run_sync(find_embedding_model, setting, settings.models_folder)
    except (DeepEmbedderMissing, DeepEmbedderUnusable) as failure:
        log.warning("deep embedder unusable", setting=setting, reason=failure.message)
        yield Deep(name, failure.message)
        return
    async with AsyncExitStack() as stack:
        yield Deep(name, None, await _open_parts(supervisor, model, stores, stack))


async def _open_parts(
    supervisor: Supervisor, model: EmbeddingModel, stores: Stores, stack: AsyncExitStack
) -> DeepParts:
    embedder_id = await adopt_deep(stores.database, model.name, model.fingerprint, model.dimensions)
    collection = f"{model.name}-{model.fingerprint}"
    spec = vector_worker(stores.database.path, stores.data / DEEP_FOLDER, collection, model.dimensions, embedder_id)
    outbox = Outbox(stores.database, deep=True)
    index = await stack.enter_async_context(open_vector_index(supervisor, spec, outbox))
    embedder = await stack.enter_async_context(open_deep_embedder(model))
    log.info("deep embedder found", name=model.name, dimensions=model.dimensions)
    return DeepParts(embedder, DeepVectors(stores.database, embedder_id, SYSTEM), index)
