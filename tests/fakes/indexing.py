"""A deep embedder, its vectors and its index in memory, a machine whose load is said, and a clock that a test moves."""

import asyncio
import struct
from collections.abc import Mapping, Sequence

from records.codes import ErrorCode
from records.document import ChunkRecord
from records.errors import ExpectedError
from records.ids import ChunkId, DocumentId
from records.indexing import IndexCounts
from records.retrieval import ScoredChunk
from services.indexing import DeepIndex
from services.indexing.idleness import Load
from tests.support.builders import make_chunk


class Unusable(ExpectedError):
    code = ErrorCode.WORKER_CRASHED


class FakeDeepEmbedder:
    """Embeds a batch whenever `let` is released, or at once while `is_free`. What a halt cut off is counted as lost."""

    model = "deep"
    dimensions = 2

    def __init__(self) -> None:
        self.is_free = False
        self.let = asyncio.Semaphore(0)
        self.began = asyncio.Semaphore(0)
        self.asked = 0
        self.lost = 0
        self.halts = 0
        self.resets = 0
        self.failure: Exception | None = None

    async def embed_prompt(self, text: str) -> bytes:
        return struct.pack("<2f", 1.0, 0.0)

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        self.asked += 1
        self.began.release()
        if self.failure is not None:
            raise self.failure
        if not self.is_free:
            try:
                await self.let.acquire()
            except asyncio.CancelledError:
                self.lost += len(texts)
                raise
        return [struct.pack("<2e", 1.0, 0.0) for _ in texts]

    async def halt(self) -> None:
        self.halts += 1

    def reset(self) -> None:
        self.resets += 1


class FakeDeepVectors:
    """So many chunks of one document; `stored` are those that have a vector."""

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

    async def embedded(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        return {document_id: len(self.stored) for document_id in document_ids if self.stored}

    async def covers(self, document_ids: Sequence[DocumentId] | None) -> bool:
        return bool(self.stored)

    async def lacking(self, chunk_ids: Sequence[ChunkId]) -> frozenset[ChunkId]:
        return frozenset(chunk_ids) - self.stored


class FakeIndex:
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


def make_generation(vectors: FakeDeepVectors, embedder: FakeDeepEmbedder) -> DeepIndex:
    return DeepIndex(embedder, vectors, FakeIndex())


class FakeMachine:
    """What others make of the machine; `answers` and `documents` are the server's own work."""

    def __init__(self) -> None:
        self.load = Load(None, 0.0)
        self.answers = 0
        self.documents = 0
        self.is_closed = False

    def read(self) -> Load:
        return self.load

    def close(self) -> None:
        self.is_closed = True


class MovedPace:
    """A clock that stands still until it is moved; who rests is woken when its time has come."""

    def __init__(self) -> None:
        self.time = 0.0
        self._resting: list[tuple[float, asyncio.Event]] = []

    @property
    def is_resting(self) -> bool:
        return any(not news.is_set() for _, news in self._resting)

    def now(self) -> float:
        return self.time

    async def rest(self, news: asyncio.Event, seconds: float) -> None:
        alarm = (self.time + seconds, news)
        self._resting.append(alarm)
        try:
            await news.wait()
        finally:
            self._resting.remove(alarm)
        news.clear()

    def move(self, seconds: float) -> None:
        self.time += seconds
        for due, news in self._resting:
            if due <= self.time:
                news.set()
