"""Vector search: exact in the matrix, or for many vectors approximate in Chroma with exact scores."""

from collections.abc import Sequence

from persistence.vectors.worker.chroma_cache import ChromaCache
from persistence.vectors.worker.matrix import Matrix
from persistence.vectors.worker.source_vectors import SourceVectors

OVERFETCH = 4
"""Number of candidates that are requested for each hit, because some may be deleted or not searchable by then."""

MIN_CANDIDATES = 200
MAX_CANDIDATES = 5000
Hits = list[tuple[int, float]]


class Searcher:
    """Searches the replicas. Only candidates that SQLite reports as searchable become hits, however late a replica is."""

    def __init__(self, source: SourceVectors, matrix: Matrix, cache: ChromaCache, exact_limit: int) -> None:
        self._source = source
        self._matrix = matrix
        self._cache = cache
        self._exact_limit = exact_limit

    def search(self, vector: bytes, limit: int, document_ids: Sequence[int] | None) -> Hits:
        """Return ids and cosine similarities of the nearest chunks, best first."""
        selected = self._count_selected(document_ids)
        if selected > self._exact_limit:
            hits = self._search_chroma(vector, limit, document_ids, selected)
            if len(hits) >= limit:
                return hits
        return self._search_matrix(vector, limit, document_ids)

    def _count_selected(self, document_ids: Sequence[int] | None) -> int:
        if document_ids is None:
            return len(self._matrix)
        return sum(self._matrix.count(document_id) for document_id in set(document_ids))

    def _search_matrix(self, vector: bytes, limit: int, document_ids: Sequence[int] | None) -> Hits:
        """Search exactly. Search for more candidates if too few of them are searchable."""
        wanted = limit
        while True:
            found = self._matrix.search(vector, wanted, document_ids)
            searchable = self._source.searchable(chunk_id for chunk_id, _ in found)
            hits = [hit for hit in found if hit[0] in searchable]
            if len(hits) >= limit or len(found) < wanted:
                return hits[:limit]
            wanted *= OVERFETCH

    def _search_chroma(self, vector: bytes, limit: int, document_ids: Sequence[int] | None, selected: int) -> Hits:
        """Get candidates from Chroma, drop those that are not selected or not searchable, and score the others exactly.

        Filters of Chroma are slower than this for every number of vectors. Returns too few hits if Chroma cannot be used.
        """
        share = selected / max(1, len(self._matrix))
        count = min(MAX_CANDIDATES, int(max(MIN_CANDIDATES, OVERFETCH * limit) / share))
        found = self._cache.nearest(vector, count)
        if found is None:
            return []
        allowed = None if document_ids is None else set(document_ids)
        embeddings = [
            each
            for each in self._source.embeddings(found, searchable=True)
            if allowed is None or each.document_id in allowed
        ]
        rescored = Matrix(len(vector) // 4)
        rescored.upsert(embeddings)
        return rescored.search(vector, limit, None)
