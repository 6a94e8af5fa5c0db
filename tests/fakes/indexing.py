"""Fakes for background indexing: embedder, vectors and index in memory, a load meter with set values, a manual clock."""

import struct
from collections.abc import Mapping, Sequence

import anyio

from concurrency import Signal
from records.access import AnyScope
from records.codes import ErrorCode
from records.document import ChunkRecord
from records.errors import ExpectedError
from records.ids import ChunkId, DocumentId
from records.indexing import IndexCounts
from records.retrieval import ScoredChunk
from services.indexing.idleness import Load
from tests.support.builders import make_chunk


class WorkerCrash(ExpectedError):
    code = ErrorCode.WORKER_CRASHED


class FakeDeepEmbedder:
    """Embeds one batch for each release of `permits`, or every batch at once if `is_free`."""

    model = "deep"
    dimensions = 2

    def __init__(self) -> None:
        self.is_free = False
        self.permits = anyio.Semaphore(0)
        self.started = anyio.Semaphore(0)
        "Released with each batch that starts."
        self.batches = 0
        self.interrupted_chunks = 0
        self.halts = 0
        self.resets = 0
        self.failure: Exception | None = None

    async def embed_prompt(self, text: str) -> bytes:
        return struct.pack("<2f", 1.0, 0.0)

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        self.batches += 1
        self.started.release()
        if self.failure is not None:
            raise self.failure
        if not self.is_free:
            try:
                await self.permits.acquire()
            except anyio.get_cancelled_exc_class():
                self.interrupted_chunks += len(texts)
                raise
        return [struct.pack("<2e", 1.0, 0.0) for _ in texts]

    async def halt(self) -> None:
        self.halts += 1

    def reset(self) -> None:
        self.resets += 1


class FakeDeepVectors:
    """The chunks of one document; `stored` are those with a vector, `former` is the number of earlier vectors."""

    def __init__(self, chunks: int, former: int = 0) -> None:
        self.chunks = [make_chunk(id=ChunkId(at + 1), index=at, text=f"chunk {at}") for at in range(chunks)]
        self.stored: set[ChunkId] = set()
        self.former = former
        self.error: Exception | None = None
        self.counted = 0

    async def counts(self) -> IndexCounts:
        self.counted += 1
        if self.error is not None:
            raise self.error
        pending = len(self.chunks) - len(self.stored)
        return IndexCounts(1 if pending else 0, pending, len(self.stored), 0 if pending else 1)

    async def next_batch(self, limit: int) -> tuple[ChunkRecord, ...]:
        return tuple([chunk for chunk in self.chunks if chunk.id not in self.stored][:limit])

    async def store(self, embeddings: Sequence[tuple[ChunkRecord, bytes]]) -> None:
        self.stored |= {chunk.id for chunk, _ in embeddings}

    async def erase_former(self, limit: int) -> int:
        erased = min(limit, self.former)
        self.former -= erased
        return erased

    async def embedded(self, scope: AnyScope, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        return {document_id: len(self.stored) for document_id in document_ids if self.stored}

    async def covers(self, document_ids: Sequence[DocumentId] | None) -> bool:
        return bool(self.stored)

    async def lacking(self, chunk_ids: Sequence[ChunkId]) -> frozenset[ChunkId]:
        return frozenset(chunk_ids) - self.stored


class FakeIndex:
    """A vector index that finds the same hits for every query."""

    def __init__(self, *hits: ScoredChunk) -> None:
        self.hits = hits
        self.drains = 0

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        return self.hits

    async def drain(self) -> int:
        self.drains += 1
        return 0

    async def count(self, document_id: DocumentId | None = None) -> int:
        return len(self.hits)


class FakeLoadMeter:
    """Reports the load that a test sets; `answers` and `documents` are the server's own work."""

    def __init__(self) -> None:
        self.load = Load(None, 0.0)
        self.answers = 0
        self.documents = 0
        self.is_closed = False

    def read(self) -> Load:
        return self.load

    def close(self) -> None:
        self.is_closed = True


class ManualClock:
    """A clock that changes only by `advance`, which wakes the waiting tasks whose time has passed."""

    def __init__(self) -> None:
        self.time = 0.0
        self._waiting: list[tuple[float, Signal, list[bool]]] = []

    @property
    def is_awaited(self) -> bool:
        """True if a task waits that was not woken."""
        return any(not woken for _, _, woken in self._waiting)

    def now(self) -> float:
        return self.time

    async def wait(self, signal: Signal, seconds: float) -> None:
        alarm = (self.time + seconds, signal, list[bool]())
        self._waiting.append(alarm)
        try:
            await signal.wait()
        finally:
            self._waiting.remove(alarm)
        signal.clear()

    def advance(self, seconds: float) -> None:
        self.time += seconds
        for due, signal, woken in self._waiting:
            if due <= self.time:
                woken.append(True)
                signal.set()
