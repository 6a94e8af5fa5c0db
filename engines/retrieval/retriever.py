"""From a query to ranked passages: filters to documents, words and meaning at once, fusion, live rows, no duplicates.

Follows "Retrieval" in ARCHITECTURE.md. What a leg found is joined to live rows last, so that nothing of a deleted
document can surface, whatever a cache still holds.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter

import anyio

from engines.embedding import Embedder
from engines.retrieval.deep import DeepSearch
from engines.retrieval.fusion import fuse
from engines.retrieval.legs import fused_leg, run_leg, skipped
from engines.retrieval.snippets import make_snippet
from engines.stores import ChunkStore, DocumentStore, KeywordIndex, VectorIndex
from records.document import ChunkRecord, DocumentRecord
from records.errors import InvalidInput
from records.ids import ChunkId, DocumentId
from records.retrieval import Retrieval, RetrievalHit, RetrievalLeg, RetrievalQuery, ScoredChunk, SearchMode

CANDIDATES = 100
"""Hits of each leg; also the most that a query can ask for."""
MAX_QUERY_LENGTH = 10_000
NO_RERANKER = "No reranker is configured."


class Retriever:
    """Owns nothing: reads the stores, asks the embedder for the prompt's vector."""

    def __init__(
        self,
        documents: DocumentStore,
        chunks: ChunkStore,
        keywords: KeywordIndex,
        vectors: VectorIndex,
        embedder: Embedder,
        deep: DeepSearch | None = None,
    ) -> None:
        self._documents = documents
        self._chunks = chunks
        self._keywords = keywords
        self._vectors = vectors
        self._embedder = embedder
        self._deep = deep

    async def retrieve(self, query: RetrievalQuery) -> Retrieval:
        """Give the `top_k` best passages, best first.

        Raises `InvalidInput` for an empty or overlong query and `NotFound` for a document that is not there. A leg
        that fails is reported in `legs`; the others still answer.
        """
        began = perf_counter()
        self._check(query)
        scope = await self._documents.resolve_scope(query.document_ids, query.tags)
        if scope == ():
            reason = "No searchable document is in scope."
            return Retrieval(query, (), (skipped("words", reason), skipped("meaning", reason)), 0, 0.0)
        words, meaning, *others = await self._legs(query, scope)
        fusing = perf_counter()
        ranking = _ranked(query.mode, words, meaning, await self._deep_ranking(meaning, others))
        legs = [words, meaning, *others]
        if query.rerank:
            legs.append(skipped("reranker", NO_RERANKER))
        if query.mode is SearchMode.HYBRID:
            legs.append(fused_leg(ranking, fusing))
        hits, duplicates = await self._hits(query, ranking, words, meaning)
        return Retrieval(query, hits, tuple(legs), duplicates, (perf_counter() - began) * 1000)

    def _check(self, query: RetrievalQuery) -> None:
        if not query.text.strip():
            raise InvalidInput("The query is empty.", path=("input", "query"))
        if len(query.text) > MAX_QUERY_LENGTH:
            raise InvalidInput(
                f"The query has {len(query.text):,} characters; {MAX_QUERY_LENGTH:,} is the most.",
                path=("input", "query"),
            )

    async def _legs(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> tuple[RetrievalLeg, ...]:
        """`words`, `meaning`, and `deep` where there is a deep embedder."""
        legs: dict[str, RetrievalLeg] = {
            "words": skipped("words", "Only meaning was asked for."),
            "meaning": skipped("meaning", "Only words were asked for."),
        }

        async def by_words() -> None:
            legs["words"] = await run_leg("words", lambda: self._keywords.search(query.text, CANDIDATES, scope))

        async def by_meaning() -> None:
            legs["meaning"] = await run_leg("meaning", lambda: self._nearest(query, scope))

        async def deeply(deep: DeepSearch) -> None:
            legs["deep"] = await deep.run(query, scope)

        async with anyio.create_task_group() as together:
            if query.mode is not SearchMode.SEMANTIC:
                together.start_soon(by_words)
            if query.mode is not SearchMode.KEYWORD:
                together.start_soon(by_meaning)
            if self._deep is not None:
                together.start_soon(deeply, self._deep)
        return tuple(legs.values())

    async def _deep_ranking(self, meaning: RetrievalLeg, others: Sequence[RetrievalLeg]) -> Sequence[ScoredChunk]:
        if self._deep is None or not others:
            return ()
        return await self._deep.completed(others[0].ranking, meaning.ranking)

    async def _nearest(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> Sequence[ScoredChunk]:
        vector = await self._embedder.embed_prompt(query.text)
        hits = await self._vectors.search(vector, CANDIDATES, scope)
        least = query.min_similarity
        return hits if least is None else [hit for hit in hits if hit.score >= least]

    async def _hits(
        self,
        query: RetrievalQuery,
        ranking: Sequence[ScoredChunk],
        words: RetrievalLeg,
        meaning: RetrievalLeg,
    ) -> tuple[tuple[RetrievalHit, ...], int]:
        """Join the ranking to live rows, drop repeated texts, stop at `top_k`."""
        live = await self._chunks.find_many([hit.chunk_id for hit in ranking])
        chosen, duplicates = _without_repeats(ranking, live, query.top_k)
        documents = await self._documents.find_many(list({chunk.document_id for _, chunk in chosen}))
        bm25, similarity = _scores(words), _scores(meaning)
        hits: list[RetrievalHit] = []
        for scored, chunk in chosen:
            document = documents.get(chunk.document_id)
            if document is not None:
                hits.append(self._hit(len(hits) + 1, query, scored, chunk, document, bm25, similarity))
        return tuple(hits), duplicates

    def _hit(
        self,
        rank: int,
        query: RetrievalQuery,
        scored: ScoredChunk,
        chunk: ChunkRecord,
        document: DocumentRecord,
        bm25: Mapping[ChunkId, float],
        similarity: Mapping[ChunkId, float],
    ) -> RetrievalHit:
        snippet = make_snippet(chunk.text, self._keywords.spans(chunk.text, query.text))
        return RetrievalHit(rank, chunk, document, scored.score, similarity.get(chunk.id), bm25.get(chunk.id), snippet)


def _ranked(
    mode: SearchMode, words: RetrievalLeg, meaning: RetrievalLeg, deep: Sequence[ScoredChunk]
) -> tuple[ScoredChunk, ...]:
    match mode:
        case SearchMode.KEYWORD:
            return words.ranking
        case SearchMode.SEMANTIC:
            return fuse([(meaning.ranking, 1.0), (deep, 1.0)]) if deep else meaning.ranking
        case SearchMode.HYBRID:
            return fuse([(words.ranking, 1.0), (meaning.ranking, 1.0), (deep, 1.0)])


def _scores(leg: RetrievalLeg) -> Mapping[ChunkId, float]:
    return {hit.chunk_id: hit.score for hit in leg.ranking}


def _without_repeats(
    ranking: Sequence[ScoredChunk], live: Mapping[ChunkId, ChunkRecord], top_k: int
) -> tuple[list[tuple[ScoredChunk, ChunkRecord]], int]:
    """The first `top_k` live chunks whose words were not there yet, and how many repeats were passed over."""
    chosen: list[tuple[ScoredChunk, ChunkRecord]] = []
    seen: set[str] = set()
    duplicates = 0
    for hit in ranking:
        chunk = live.get(hit.chunk_id)
        if chunk is None:
            continue
        words = " ".join(chunk.text.casefold().split())
        if words in seen:
            duplicates += 1
            continue
        seen.add(words)
        chosen.append((hit, chunk))
        if len(chosen) == top_k:
            break
    return chosen, duplicates
