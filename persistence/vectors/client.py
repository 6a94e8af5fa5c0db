"""The vector index as the server sees it: searches, and the outbox applied in order, over the vectors worker."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import structlog

from concurrency import Supervisor
from persistence.vectors.protocol import (
    BATCH,
    Applied,
    Apply,
    Compared,
    Count,
    Counted,
    Ended,
    Follow,
    Found,
    Search,
    Start,
)
from records.ids import ChunkId, DocumentId
from records.retrieval import ScoredChunk
from records.system import WorkerPurpose
from workers import Worker, WorkerCrashed, WorkerGivenUp, WorkerSpec, open_worker
from workers.cores import usable_cores

MOST_THREADS = 4
"Beyond that the matrix product waits for memory, not for cores."

REST_AFTER_GIVEN_UP = 60.0

log = structlog.stdlib.get_logger("graphlore.vectors")


class OutboxEntry(Protocol):
    """A chunk that may have changed; what became of it stands in SQLite."""

    @property
    def id(self) -> int: ...
    @property
    def chunk_id(self) -> int: ...


class Outbox(Protocol):
    async def read(self, limit: int) -> Sequence[OutboxEntry]:
        """The oldest entries."""
        ...

    async def done(self, ids: Sequence[int]) -> None:
        """Remove entries that were applied."""
        ...


class ChromaIndex:
    """Implements `services.interfaces.vector_index.VectorIndex`. Created by `open_vector_index`.

    Every call may raise `WorkerCrashed` or `WorkerGivenUp`.
    """

    def __init__(self, worker: Worker, outbox: Outbox, dimensions: int) -> None:
        self._worker = worker
        self._outbox = outbox
        self._dimensions = dimensions
        self._draining = asyncio.Lock()
        self._compared = asyncio.Condition()
        self.last_comparison: Compared | None = None

    @property
    def worker(self) -> Worker:
        return self._worker

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        """Cosine similarity, best first; `vector` is float32 little-endian."""
        assert len(vector) == 4 * self._dimensions
        if limit < 1 or (document_ids is not None and not document_ids):
            return ()
        documents = None if document_ids is None else [int(document_id) for document_id in document_ids]
        found = await self._worker.call(Search(vector, limit, documents), Found)
        return tuple(
            ScoredChunk(ChunkId(chunk_id), score) for chunk_id, score in zip(found.chunk_ids, found.scores, strict=True)
        )

    async def drain(self) -> int:
        """Apply the outbox to its end; where the worker crashes the rest stays in it, and can be applied again."""
        applied = 0
        async with self._draining:
            while entries := await self._outbox.read(BATCH):
                await self._worker.call(Apply(list({entry.chunk_id: None for entry in entries})), Applied)
                await self._outbox.done([entry.id for entry in entries])
                applied += len(entries)
        return applied

    async def count(self, document_id: DocumentId | None = None) -> int:
        return (await self._worker.call(Count(document_id), Counted)).count

    async def next_comparison(self) -> Compared:
        """Wait for the next comparison of Chroma with SQLite to end."""
        async with self._compared:
            await self._compared.wait()
        assert self.last_comparison is not None
        return self.last_comparison

    async def follow(self) -> None:
        """Log the worker's comparisons, for as long as this runs."""
        while True:
            try:
                async with self._worker.stream(Follow(), Compared, Ended) as comparisons:
                    async for compared in comparisons:
                        await self._take(compared)
            except WorkerCrashed:
                await asyncio.sleep(0)  # it is started again, and that is waited for
            except WorkerGivenUp:
                await asyncio.sleep(REST_AFTER_GIVEN_UP)

    async def _take(self, compared: Compared) -> None:
        tell = log.info if compared.failure is None and compared.moved_aside is None else log.warning
        tell(
            "vectors compared", added=compared.added, removed=compared.removed,
            moved_aside=compared.moved_aside, failure=compared.failure,
        )  # fmt: skip
        async with self._compared:
            self.last_comparison = compared
            self._compared.notify_all()


@asynccontextmanager
async def open_vector_index(supervisor: Supervisor, spec: WorkerSpec, outbox: Outbox) -> AsyncIterator[ChromaIndex]:
    """Own the vectors worker. The database must be there, migrated, when this is entered."""
    assert isinstance(spec.start, Start)
    async with open_worker(spec) as worker:
        index = ChromaIndex(worker, outbox, spec.start.dimensions)
        async with supervisor.running("vector comparisons", index.follow):
            yield index


def vector_worker(
    database: Path, directory: Path, embedder: str, dimensions: int, embedder_id: int | None = None
) -> WorkerSpec:
    """Normal priority, always there: people wait for its answers. `embedder_id`: as in `Start`."""
    return WorkerSpec(
        purpose=WorkerPurpose.VECTORS,
        module="persistence.vectors.worker.main",
        start=Start(str(database), str(directory), embedder, dimensions, embedder_id=embedder_id),
        environment={
            "OPENBLAS_NUM_THREADS": str(min(MOST_THREADS, usable_cores())),
            "ANONYMIZED_TELEMETRY": "False",
        },
    )
