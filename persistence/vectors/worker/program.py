"""The vectors worker's work: calls as they come, and between them one small step of the comparison with SQLite at a time."""

import sys
from collections.abc import Generator
from pathlib import Path
from time import monotonic
from typing import assert_never

from persistence.vectors.protocol import (
    Applied,
    Apply,
    Compared,
    Count,
    Counted,
    Follow,
    Found,
    Request,
    Search,
    Start,
)
from persistence.vectors.worker.chroma_cache import Cache
from persistence.vectors.worker.chroma_collection import ChromaBroken
from persistence.vectors.worker.comparison import compare
from persistence.vectors.worker.matrix import Matrix
from persistence.vectors.worker.search import Searcher
from persistence.vectors.worker.source_vectors import Truth
from workers.child import Call, CallCanceled

RETRY = 60.0
"Seconds until Chroma is tried again after it could not be used."


class Program:
    """One thread does everything, so nothing here is locked and no search waits for more than one batch."""

    def __init__(self, start: Start) -> None:
        """Raises `sqlite3.Error` where the database cannot be read."""
        self._start = start
        self._truth = Truth(Path(start.database), start.dimensions, start.embedder_id)
        self._matrix = Matrix(start.dimensions)
        for embeddings in self._truth.all():
            self._matrix.upsert(embeddings)
        self._cache = Cache(Path(start.directory), start.embedder, start.dimensions)
        self._searcher = Searcher(self._truth, self._matrix, self._cache, start.exact_limit)
        self._steps: Generator[None, None, Compared] | None = None
        self._next_step = monotonic()
        self._followers: list[Call] = []
        self._compared: Compared | None = None

    @property
    def rest(self) -> float:
        """Seconds until the next step is due."""
        return max(0.0, self._next_step - monotonic())

    def answer(self, call: Call) -> None:
        request: Request = call.request
        match request:
            case Search(vector=vector, limit=limit, document_ids=document_ids):
                hits = self._searcher.search(vector, limit, document_ids)
                call.reply(Found([chunk_id for chunk_id, _ in hits], [score for _, score in hits]))
            case Apply(chunk_ids=chunk_ids):
                call.reply(self._apply(chunk_ids))
            case Count(document_id=document_id):
                call.reply(Counted(len(self._matrix) if document_id is None else self._matrix.count(document_id)))
            case Follow():
                self._follow(call)
            case _:
                assert_never(request)

    def step(self) -> None:
        """One step of the comparison if one is due, then a rest as long as the step; begins one where its time has come."""
        began = monotonic()
        if began < self._next_step:
            return
        if self._steps is None:
            self._steps = self._comparison()
        compared, broken = None, False
        try:
            next(self._steps)
        except StopIteration as end:
            compared = end.value
        except ChromaBroken as failure:
            self._cache.broke(failure)
            compared, broken = Compared(0, 0, failure=str(failure)), True
        self._next_step = monotonic() + max(self._start.pause, monotonic() - began)
        if compared is not None:
            self._steps = None
            self._next_step = monotonic() + (RETRY if broken or compared.failure else self._start.interval)
            self._tell(compared)

    def _apply(self, chunk_ids: list[int]) -> Applied:
        embeddings = self._truth.embeddings(chunk_ids)
        stored = {embedding.chunk_id for embedding in embeddings}
        gone = [chunk_id for chunk_id in chunk_ids if chunk_id not in stored]
        self._matrix.upsert(embeddings)
        self._matrix.delete(gone)
        self._cache.upsert(embeddings)
        self._cache.delete(gone)
        if self._cache.failure is not None and self._steps is None:
            self._next_step = min(self._next_step, monotonic() + RETRY)
        return Applied(len(stored), len(gone))

    def _comparison(self) -> Generator[None, None, Compared]:
        if self._matrix.needs_compaction:
            self._matrix.compact()
        yield from compare(self._truth, self._matrix)
        chroma = self._cache.open()
        if chroma is None:
            return Compared(0, 0, self._aside(), self._cache.failure)
        yield
        difference = yield from compare(self._truth, chroma)
        self._cache.settled()
        return Compared(difference.added, difference.removed, self._aside(), self._cache.failure)

    def _aside(self) -> str | None:
        """Told once."""
        aside, self._cache.moved_aside = self._cache.moved_aside, None
        return None if aside is None else str(aside)

    def _follow(self, call: Call) -> None:
        self._followers.append(call)
        if self._compared is not None:
            self._send(call, self._compared)

    def _tell(self, compared: Compared) -> None:
        print(f"compared with SQLite: {compared}", file=sys.stderr)  # noqa: T201  # for the ring of crash reports
        self._compared = compared
        for call in tuple(self._followers):
            self._send(call, compared)

    def _send(self, call: Call, compared: Compared) -> None:
        try:
            call.event(compared)
        except CallCanceled as canceled:
            self._followers.remove(call)
            call.fail(canceled.code, canceled.message)
