"""The vectors worker: it processes calls, and one small step of the comparison with SQLite between two calls."""

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
from persistence.vectors.worker.chroma_cache import ChromaCache
from persistence.vectors.worker.chroma_collection import ChromaError
from persistence.vectors.worker.comparison import compare
from persistence.vectors.worker.matrix import Matrix
from persistence.vectors.worker.search import Searcher
from persistence.vectors.worker.source_vectors import SourceVectors
from workers.child import Call, CallCanceled

RETRY_SECONDS = 60.0
"""Seconds until Chroma is opened again after a failure."""


class Program:
    """State of the worker. It has one thread, so it needs no locks, and no search waits for more than one step."""

    def __init__(self, start: Start) -> None:
        """Load all vectors from SQLite. Raises `sqlite3.Error` if the database cannot be read."""
        self._start = start
        self._source = SourceVectors(Path(start.database), start.dimensions, start.embedder_id)
        self._matrix = Matrix(start.dimensions)
        for embeddings in self._source.all():
            self._matrix.upsert(embeddings)
        self._cache = ChromaCache(Path(start.directory), start.embedder, start.dimensions)
        self._searcher = Searcher(self._source, self._matrix, self._cache, start.exact_limit)
        self._steps: Generator[None, None, Compared] | None = None
        self._next_step = monotonic()
        self._followers: list[Call] = []
        self._compared: Compared | None = None

    @property
    def seconds_to_step(self) -> float:
        """Seconds until the next step is due."""
        return max(0.0, self._next_step - monotonic())

    def process(self, call: Call) -> None:
        """Process a call and reply to it."""
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
        """Run a step of the comparison if one is due. The next step is due after a pause as long as this one took."""
        began = monotonic()
        if began < self._next_step:
            return
        if self._steps is None:
            self._steps = self._comparison()
        compared, has_failed = None, False
        try:
            next(self._steps)
        except StopIteration as end:
            compared = end.value
        except ChromaError as failure:
            self._cache.disable(failure)
            compared, has_failed = Compared(0, 0, failure=str(failure)), True
        self._next_step = monotonic() + max(self._start.pause, monotonic() - began)
        if compared is not None:
            self._steps = None
            self._next_step = monotonic() + (RETRY_SECONDS if has_failed or compared.failure else self._start.interval)
            self._publish(compared)

    def _apply(self, chunk_ids: list[int]) -> Applied:
        embeddings = self._source.embeddings(chunk_ids)
        stored = {embedding.chunk_id for embedding in embeddings}
        deleted = [chunk_id for chunk_id in chunk_ids if chunk_id not in stored]
        self._matrix.upsert(embeddings)
        self._matrix.delete(deleted)
        self._cache.upsert(embeddings)
        self._cache.delete(deleted)
        if self._cache.failure is not None and self._steps is None:
            self._next_step = min(self._next_step, monotonic() + RETRY_SECONDS)
        return Applied(len(stored), len(deleted))

    def _comparison(self) -> Generator[None, None, Compared]:
        if self._matrix.needs_compaction:
            self._matrix.compact()
        yield from compare(self._source, self._matrix)
        chroma = self._cache.open()
        if chroma is None:
            return Compared(0, 0, self._take_moved_aside(), self._cache.failure)
        yield
        difference = yield from compare(self._source, chroma)
        self._cache.set_complete()
        return Compared(difference.added, difference.removed, self._take_moved_aside(), self._cache.failure)

    def _take_moved_aside(self) -> str | None:
        """Return the new path of a corrupt directory that was renamed since the last call; None if there was none."""
        path, self._cache.moved_aside = self._cache.moved_aside, None
        return None if path is None else str(path)

    def _follow(self, call: Call) -> None:
        self._followers.append(call)
        if self._compared is not None:
            self._send(call, self._compared)

    def _publish(self, compared: Compared) -> None:
        print(f"compared with SQLite: {compared}", file=sys.stderr)  # noqa: T201  # crash reports contain it
        self._compared = compared
        for call in tuple(self._followers):
            self._send(call, compared)

    def _send(self, call: Call, compared: Compared) -> None:
        try:
            call.event(compared)
        except CallCanceled as canceled:
            self._followers.remove(call)
            call.fail(canceled.code, canceled.message)
