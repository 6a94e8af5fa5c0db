"""Which way a search goes: exactly through the matrix, or where it is broad through Chroma and rescored exactly."""

from collections.abc import Sequence

from persistence.vectors.worker.chroma_cache import Cache
from persistence.vectors.worker.matrix import Matrix
from persistence.vectors.worker.source_vectors import Truth

OVERFETCH = 4
LEAST_FETCHED = 200
MOST_FETCHED = 5000
Hits = list[tuple[int, float]]


class Searcher:
    """Hits are what a search may find at this moment by SQLite's word, however late the copies are."""

    def __init__(self, truth: Truth, matrix: Matrix, cache: Cache, exact_limit: int) -> None:
        self._truth = truth
        self._matrix = matrix
        self._cache = cache
        self._exact_limit = exact_limit

    def search(self, vector: bytes, limit: int, document_ids: Sequence[int] | None) -> Hits:
        selected = self._selected(document_ids)
        if selected > self._exact_limit:
            hits = self._broad(vector, limit, document_ids, selected)
            if len(hits) >= limit:
                return hits
        return self._exact(vector, limit, document_ids)

    def _selected(self, document_ids: Sequence[int] | None) -> int:
        if document_ids is None:
            return len(self._matrix)
        return sum(self._matrix.count(document_id) for document_id in set(document_ids))

    def _exact(self, vector: bytes, limit: int, document_ids: Sequence[int] | None) -> Hits:
        """Where some of the nearest may not be found any more, look further."""
        wanted = limit
        while True:
            found = self._matrix.search(vector, wanted, document_ids)
            searchable = self._truth.searchable(chunk_id for chunk_id, _ in found)
            hits = [hit for hit in found if hit[0] in searchable]
            if len(hits) >= limit or len(found) < wanted:
                return hits[:limit]
            wanted *= OVERFETCH

    def _broad(self, vector: bytes, limit: int, document_ids: Sequence[int] | None, selected: int) -> Hits:
        """Ask Chroma for more than needed, drop what is gone or not asked for, score the rest exactly.

        Chroma's own filters are slower than this at every size. Gives too few where the cache cannot be used.
        """
        share = selected / max(1, len(self._matrix))
        count = min(MOST_FETCHED, int(max(LEAST_FETCHED, OVERFETCH * limit) / share))
        found = self._cache.nearest(vector, count)
        if found is None:
            return []
        allowed = None if document_ids is None else set(document_ids)
        embeddings = [
            each
            for each in self._truth.embeddings(found, searchable=True)
            if allowed is None or each.document_id in allowed
        ]
        rescored = Matrix(len(vector) // 4)
        rescored.upsert(embeddings)
        return rescored.search(vector, limit, None)
