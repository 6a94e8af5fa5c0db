"""The server's side of the vector index: searches, and applying the outbox in its order, by calls to the vectors worker."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import anyio
import anyio.lowlevel
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

MAX_THREADS = 4
"""Maximum number of threads of the matrix product. With more threads, it waits for memory and gets no faster."""

RETRY_SECONDS = 60.0
"""Seconds until `follow` tries again after the worker was given up."""

log = structlog.stdlib.get_logger("graphlore.vectors")


class OutboxEntry(Protocol):
    """A chunk whose vector may have changed. SQLite has its present state."""

    @property
    def id(self) -> int: ...
    @property
    def chunk_id(self) -> int: ...


class Outbox(Protocol):
    """Changes of vectors that the index has not applied yet."""

    async def read(self, limit: int) -> Sequence[OutboxEntry]:
        """Return the oldest `limit` entries of the outbox."""
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
        self._drain_lock = anyio.Lock()
        self._compared = anyio.Condition()
        self.last_comparison: Compared | None = None

    @property
    def worker(self) -> Worker:
        return self._worker

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        """Return the nearest chunks by cosine similarity, best first. `vector` is float32, little-endian."""
        assert len(vector) == 4 * self._dimensions
        if limit < 1 or (document_ids is not None and not document_ids):
            return ()
        documents = None if document_ids is None else [int(document_id) for document_id in document_ids]
        found = await self._worker.call(Search(vector, limit, documents), Found)
        return tuple(
            ScoredChunk(ChunkId(chunk_id), score) for chunk_id, score in zip(found.chunk_ids, found.scores, strict=True)
        )

    async def drain(self) -> int:
        """Apply all entries of the outbox and return their number. If the worker crashes, entries not yet applied stay."""
        applied = 0
        async with self._drain_lock:
            while entries := await self._outbox.read(BATCH):
                await self._worker.call(Apply(list({entry.chunk_id: None for entry in entries})), Applied)
                await self._outbox.done([entry.id for entry in entries])
                applied += len(entries)
        return applied

    async def count(self, document_id: DocumentId | None = None) -> int:
        """Return the number of vectors of a document, or of all."""
        return (await self._worker.call(Count(document_id), Counted)).count

    async def next_comparison(self) -> Compared:
        """Wait for the end of the next comparison of Chroma with SQLite and return its result."""
        async with self._compared:
            await self._compared.wait()
        assert self.last_comparison is not None
        return self.last_comparison

    async def follow(self) -> None:
        """Log the results of the worker's comparisons, until this task is canceled."""
        while True:
            try:
                async with self._worker.stream(Follow(), Compared, Ended) as comparisons:
                    async for compared in comparisons:
                        await self._record(compared)
            except WorkerCrashed:
                await anyio.lowlevel.checkpoint()  # the next call waits until the worker has restarted
            except WorkerGivenUp:
                await anyio.sleep(RETRY_SECONDS)

    async def _record(self, compared: Compared) -> None:
        log_event = log.info if compared.failure is None and compared.moved_aside is None else log.warning
        log_event(
            "vectors compared", added=compared.added, removed=compared.removed,
            moved_aside=compared.moved_aside, failure=compared.failure,
        )  # fmt: skip
        async with self._compared:
            self.last_comparison = compared
            self._compared.notify_all()


@asynccontextmanager
async def open_vector_index(supervisor: Supervisor, spec: WorkerSpec, outbox: Outbox) -> AsyncIterator[ChromaIndex]:
    """Start the vectors worker and return the index. The database must exist and be migrated."""
    assert isinstance(spec.start, Start)
    async with open_worker(spec) as worker:
        index = ChromaIndex(worker, outbox, spec.start.dimensions)
        async with supervisor.running("vector comparisons", index.follow):
            yield index


def vector_worker(
    database: Path, directory: Path, embedder: str, dimensions: int, embedder_id: int | None = None
) -> WorkerSpec:
    """Return the specification of the vectors worker. It has normal priority, because requests wait for it.

    `embedder_id` is the id of a deep embedder; None selects the vectors of the light one.
    """
    return WorkerSpec(
        purpose=WorkerPurpose.VECTORS,
        module="persistence.vectors.worker.main",
        start=Start(str(database), str(directory), embedder, dimensions, embedder_id=embedder_id),
        environment={
            "OPENBLAS_NUM_THREADS": str(min(MAX_THREADS, usable_cores())),
            "ANONYMIZED_TELEMETRY": "False",
        },
    )
