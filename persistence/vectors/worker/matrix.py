"""Exact search: all vectors in one float32 matrix, with the rows of a document next to each other where possible.

Scores are computed in float32, because float16 arithmetic is twenty times slower in numpy. Deleted rows stay as tombstones
until `compact` removes them. Not thread-safe: the process has one thread.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from persistence.vectors.worker.replicas import Embedding

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Element = TypeVar("Element", bound=np.generic)

PAGE = 500
_FIRST_CAPACITY = 1024
_GROWTH = 1.5
_ROWS_PER_SPAN = 20
"""Overhead of the product with one span, in rows. A product with the whole matrix is cheaper than many small spans."""

_MAX_TOMBSTONES = 1000
_MAX_SPANS = 1000


class Matrix:
    """The vectors by chunk id, with the spans of rows of each document."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._allocate(_FIRST_CAPACITY)

    def _allocate(self, capacity: int) -> None:
        self._vectors: Floats = np.empty((capacity, self._dimensions), np.float32)
        self._chunks: Integers = np.empty(capacity, np.int64)
        self._documents: Integers = np.empty(capacity, np.int64)
        self._alive: npt.NDArray[np.bool_] = np.zeros(capacity, np.bool_)
        self._used = 0
        self._rows: dict[int, int] = {}
        self._spans: dict[int, list[range]] = {}
        self._counts: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def count(self, document_id: int) -> int:
        return self._counts.get(document_id, 0)

    def missing(self, chunk_ids: Sequence[int]) -> list[int]:
        return [chunk_id for chunk_id in chunk_ids if chunk_id not in self._rows]

    def pages(self) -> Iterator[list[int]]:
        """Yield the ids that exist when the first page is requested. Later changes are not taken into account."""
        chunk_ids = list(self._rows)
        for first in range(0, len(chunk_ids), PAGE):
            yield chunk_ids[first : first + PAGE]

    def upsert(self, embeddings: Sequence[Embedding]) -> None:
        if not embeddings:
            return
        self._reserve(len(embeddings))
        joined = b"".join(embedding.vector for embedding in embeddings)
        vectors = _normalized(np.frombuffer(joined, "<f2").reshape(-1, self._dimensions).astype(np.float32))
        for embedding, vector in zip(embeddings, vectors, strict=True):
            self._vectors[self._row_for(embedding.chunk_id, embedding.document_id)] = vector

    def delete(self, chunk_ids: Iterable[int]) -> None:
        for chunk_id in chunk_ids:
            row = self._rows.pop(chunk_id, None)
            if row is not None:
                self._remove_row(row)

    def search(self, vector: bytes, limit: int, document_ids: Iterable[int] | None) -> list[tuple[int, float]]:
        """Return the ids and cosine similarities of the `limit` nearest chunks, best first, then by id.

        `vector` is float32, little-endian.
        """
        query = _normalized(np.frombuffer(vector, "<f4").astype(np.float32)[np.newaxis])[0]
        rows, scores = self._scores(query, document_ids)
        if len(self._rows) < self._used:
            alive = self._alive[rows]
            rows, scores = rows[alive], scores[alive]
        if len(scores) > limit:
            best = np.argpartition(scores, len(scores) - limit)[len(scores) - limit :]
            rows, scores = rows[best], scores[best]
        chunks = self._chunks[rows]
        order = np.lexsort((chunks, -scores))
        return list(zip(chunks[order].tolist(), scores[order].tolist(), strict=True))

    @property
    def needs_compaction(self) -> bool:
        """True if tombstones or small spans make searches slow."""
        tombstones = self._used - len(self._rows)
        spans = sum(map(len, self._spans.values()))
        return tombstones > max(_MAX_TOMBSTONES, self._used // 4) or spans > 2 * len(self._spans) + _MAX_SPANS

    def compact(self) -> None:
        """Remove tombstones and put the rows of each document next to each other. Takes a second for a million vectors."""
        rows = np.flatnonzero(self._alive[: self._used])
        rows = rows[np.lexsort((self._chunks[rows], self._documents[rows]))]
        vectors, chunks, documents = self._vectors[rows], self._chunks[rows], self._documents[rows]
        self._allocate(max(_FIRST_CAPACITY, int(len(rows) * _GROWTH)))
        for chunk_id, document_id in zip(chunks.tolist(), documents.tolist(), strict=True):
            self._row_for(chunk_id, document_id)
        self._vectors[: self._used] = vectors

    def _scores(self, query: Floats, document_ids: Iterable[int] | None) -> tuple[Integers, Floats]:
        if document_ids is None:
            return np.arange(self._used), self._vectors[: self._used] @ query
        spans = _joined(span for document_id in set(document_ids) for span in self._spans.get(document_id, ()))
        if not spans:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        rows = np.concatenate([np.arange(span.start, span.stop) for span in spans])
        if len(rows) + _ROWS_PER_SPAN * len(spans) > self._used:
            return rows, (self._vectors[: self._used] @ query)[rows]
        return rows, np.concatenate([self._vectors[span.start : span.stop] @ query for span in spans])

    def _row_for(self, chunk_id: int, document_id: int) -> int:
        """Return the row of a chunk, or a new row. The database may use an id again for a chunk of another document."""
        row = self._rows.get(chunk_id)
        if row is not None and self._documents[row] == document_id:
            return row
        if row is not None:
            self._remove_row(row)
        row = self._used
        self._used += 1
        self._rows[chunk_id] = row
        self._chunks[row], self._documents[row], self._alive[row] = chunk_id, document_id, True
        self._counts[document_id] = self._counts.get(document_id, 0) + 1
        _extend(self._spans.setdefault(document_id, []), row)
        return row

    def _remove_row(self, row: int) -> None:
        self._alive[row] = False
        document_id = int(self._documents[row])
        self._counts[document_id] -= 1
        if not self._counts[document_id]:
            del self._counts[document_id], self._spans[document_id]

    def _reserve(self, more: int) -> None:
        needed = self._used + more
        if needed <= len(self._chunks):
            return
        capacity = max(needed, int(len(self._chunks) * _GROWTH))
        self._vectors = _grown(self._vectors, self._used, capacity)
        self._chunks = _grown(self._chunks, self._used, capacity)
        self._documents = _grown(self._documents, self._used, capacity)
        self._alive = _grown(self._alive, self._used, capacity)


def _grown(array: npt.NDArray[Element], used: int, capacity: int) -> npt.NDArray[Element]:
    grown = np.empty((capacity, *array.shape[1:]), array.dtype)
    grown[:used] = array[:used]
    return grown


def _normalized(vectors: Floats) -> Floats:
    """Scale rows to unit length, in place. Values that are not finite become 0; rows of zeros stay as they are."""
    np.nan_to_num(vectors, copy=False, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    return vectors


def _extend(spans: list[range], row: int) -> None:
    if spans and spans[-1].stop == row:
        spans[-1] = range(spans[-1].start, row + 1)
    else:
        spans.append(range(row, row + 1))


def _joined(spans: Iterable[range]) -> list[range]:
    """Return spans in their order, with adjacent spans joined."""
    joined: list[range] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and joined[-1].stop == span.start:
            joined[-1] = range(joined[-1].start, span.stop)
        else:
            joined.append(span)
    return joined
