"""Vector search: exact in the matrix, or among many vectors of all documents approximate in Chroma with exact scores."""

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
        """Return ids and cosine similarities of the nearest chunks, best first.

        A search of a list of documents is exact: candidates of Chroma would depend on documents that are not in the list,
        and a user may not see these.
        """
        if document_ids is None and len(self._matrix) > self._exact_limit:
            hits = self._search_chroma(vector, limit)
            if len(hits) >= limit:
                return hits
        return self._search_matrix(vector, limit, document_ids)

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

    def _search_chroma(self, vector: bytes, limit: int) -> Hits:
        """Get candidates from Chroma, drop those that are not searchable, and score the others exactly.

        Returns too few hits if Chroma cannot be used.
        """
        found = self._cache.nearest(vector, min(MAX_CANDIDATES, max(MIN_CANDIDATES, OVERFETCH * limit)))
        if found is None:
            return []
        rescored = Matrix(len(vector) // 4)
        rescored.upsert(self._source.embeddings(found, searchable=True))
        return rescored.search(vector, limit, None)
