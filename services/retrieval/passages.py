"""From a ranking to passages: joined to live rows last, so that nothing of a deleted document can surface."""

from collections.abc import Callable, Mapping, Sequence

from records.document import SEARCHABLE, ChunkRecord, DocumentRecord
from records.ids import ChunkId, DocumentId
from records.retrieval import RetrievalHit, RetrievalLeg, ScoredChunk, TextSpan
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.retrieval.near_duplicates import NearDuplicates
from services.retrieval.snippets import make_snippet

LEAST_READ = 20
Chosen = Sequence[tuple[ScoredChunk, ChunkRecord]]
Spans = Callable[[str], Sequence[TextSpan]]


async def choose(chunks: ChunkStore, ranking: Sequence[ScoredChunk], top_k: int) -> tuple[Chosen, int]:
    """The first `top_k` live chunks that do not repeat one before, and how many repeats were passed over.

    Texts are read some at a time: nearly always the first are enough.
    """
    chosen: list[tuple[ScoredChunk, ChunkRecord]] = []
    repeats = NearDuplicates()
    step = max(LEAST_READ, 2 * top_k)
    for first in range(0, len(ranking), step):
        batch = ranking[first : first + step]
        live = await chunks.find_many([hit.chunk_id for hit in batch])
        for hit in batch:
            chunk = live.get(hit.chunk_id)
            if chunk is not None and repeats.is_new(chunk.text):
                chosen.append((hit, chunk))
                if len(chosen) == top_k:
                    return chosen, repeats.dropped
    return chosen, repeats.dropped


async def make_hits(
    documents: DocumentStore, chosen: Chosen, words: RetrievalLeg, meaning: RetrievalLeg, spans: Spans
) -> tuple[RetrievalHit, ...]:
    """`spans` tells where the prompt's words stand in a text. A document that was deleted meanwhile has no hits."""
    bm25, similarity = _scores(words), _scores(meaning)
    found = await documents.find_many(list({chunk.document_id for _, chunk in chosen}))
    hits: list[RetrievalHit] = []
    for scored, chunk in chosen:
        document = _searchable(found, chunk.document_id)
        if document is not None:
            snippet = make_snippet(chunk.text, spans(chunk.text))
            own = similarity.get(chunk.id), bm25.get(chunk.id)
            hits.append(RetrievalHit(len(hits) + 1, chunk, document, scored.score, *own, snippet))
    return tuple(hits)


def _searchable(found: Mapping[DocumentId, DocumentRecord], document_id: DocumentId) -> DocumentRecord | None:
    document = found.get(document_id)
    return document if document is not None and document.status in SEARCHABLE else None


def _scores(leg: RetrievalLeg) -> Mapping[ChunkId, float]:
    return {hit.chunk_id: hit.score for hit in leg.ranking}
