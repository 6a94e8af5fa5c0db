"""Selection of passages from a ranking. Chunks and documents are read last, so that nothing deleted can be returned."""

from collections.abc import Mapping, Sequence

from records.access import AccessScope
from records.document import SEARCHABLE, ChunkRecord, DocumentRecord
from records.ids import ChunkId, DocumentId
from records.retrieval import RetrievalHit, RetrievalLeg, ScoredChunk
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.retrieval.near_duplicates import NearDuplicates
from services.retrieval.rankings import Rankings

MIN_BATCH = 20
"""Chunks that are read together. The first batch nearly always contains enough passages."""

Selection = Sequence[tuple[ScoredChunk, ChunkRecord]]


async def select_passages(
    chunks: ChunkStore,
    access: AccessScope,
    ranking: Sequence[ScoredChunk],
    top_k: int,
    near_duplicates: NearDuplicates | None,
) -> Selection:
    """Return the first `top_k` chunks that `access` includes and that the filter, if any, admits."""
    selected: list[tuple[ScoredChunk, ChunkRecord]] = []
    step = max(MIN_BATCH, 2 * top_k)
    for first in range(0, len(ranking), step):
        batch = ranking[first : first + step]
        live = await chunks.find_many(access, [hit.chunk_id for hit in batch])
        for hit in batch:
            chunk = live.get(hit.chunk_id)
            if chunk is not None and (near_duplicates is None or near_duplicates.admit(chunk.text)):
                selected.append((hit, chunk))
                if len(selected) == top_k:
                    return selected
    return selected


async def make_hits(
    documents: DocumentStore,
    access: AccessScope,
    selection: Selection,
    rankings: Rankings,
) -> tuple[RetrievalHit, ...]:
    """Return hits with their documents and scores.

    Chunks of documents that have been deleted since the search are left out.
    """
    bm25, similarity = _scores(rankings.keyword), _scores(rankings.dense)
    found = await documents.find_many(access, list({chunk.document_id for _, chunk in selection}))
    hits: list[RetrievalHit] = []
    for scored, chunk in selection:
        document = _searchable(found, chunk.document_id)
        if document is not None:
            own = similarity.get(chunk.id), bm25.get(chunk.id)
            hits.append(RetrievalHit(len(hits) + 1, chunk, document, scored.score, *own))
    return tuple(hits)


def _searchable(found: Mapping[DocumentId, DocumentRecord], document_id: DocumentId) -> DocumentRecord | None:
    document = found.get(document_id)
    return document if document is not None and document.status in SEARCHABLE else None


def _scores(leg: RetrievalLeg) -> Mapping[ChunkId, float]:
    return {hit.chunk_id: hit.score for hit in leg.ranking}
