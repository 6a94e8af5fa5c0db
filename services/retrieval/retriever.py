"""From a query to ranked passages: filters to documents, words and meaning at once, fusion, neighbours, reranking.

Follows "Retrieval" in ARCHITECTURE.md.
"""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import anyio

from engines.embedding import Embedder
from engines.reranking import Reranker
from records.errors import InvalidInput
from records.ids import DocumentId
from records.retrieval import (
    MAX_QUERY_LENGTH,
    LegState,
    Retrieval,
    RetrievalLeg,
    RetrievalQuery,
    ScoredChunk,
    SearchMode,
)
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.keyword_index import KeywordIndex
from services.interfaces.vector_index import VectorIndex
from services.retrieval.deep_search import DeepSearch
from services.retrieval.fusion import fuse, put_first
from services.retrieval.neighbours import lift_neighbours
from services.retrieval.passages import choose, make_hits
from services.retrieval.rankings import ran_leg, run_leg, skipped
from services.retrieval.rerank_leg import CANDIDATES as RERANKED
from services.retrieval.rerank_leg import run_reranker

CANDIDATES = 100
"""Hits of each leg; also the most that a query can ask for."""
RERANKER_WEIGHT = 1.0
"""Of the reranker's ranking beside the one that it was given, each stretched to 0 to 1: decision 0017."""
NOTHING_QUOTED = "No passage holds what stands in quotation marks; its words were looked for one by one."
NO_DOCUMENT = "No searchable document is in scope."


class Retriever:
    """Owns nothing: reads the stores, asks the embedder for the prompt's vector."""

    def __init__(
        self,
        documents: DocumentStore,
        chunks: ChunkStore,
        keywords: KeywordIndex,
        vectors: VectorIndex,
        embedder: Embedder,
        reranker: Reranker,
        deep: DeepSearch | None = None,
    ) -> None:
        self._documents = documents
        self._chunks = chunks
        self._keywords = keywords
        self._vectors = vectors
        self._embedder = embedder
        self._reranker = reranker
        self._deep = deep

    async def retrieve(self, query: RetrievalQuery) -> Retrieval:
        """Give the `top_k` best passages, best first.

        Raises `InvalidInput` for an empty or overlong query and `NotFound` for a document that is not there. A leg
        that fails is reported in `legs`; the others still answer.
        """
        began = perf_counter()
        _check(query)
        scope = await self._documents.resolve_scope(query.document_ids, query.tags)
        if scope == ():
            return Retrieval(query, (), (skipped("words", NO_DOCUMENT), skipped("meaning", NO_DOCUMENT)), 0, 0.0)
        words, meaning, *others = await self._legs(query, scope)
        ranking, more = await self._ranked(query, words, meaning, await self._deep_ranking(meaning, others))
        chosen, repeats = await choose(self._chunks, ranking, query.top_k)
        hits = await make_hits(
            self._documents, chosen, words, meaning, lambda text: self._keywords.spans(text, query.text)
        )
        return Retrieval(query, hits, (words, meaning, *others, *more), repeats, (perf_counter() - began) * 1000)

    async def _legs(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> tuple[RetrievalLeg, ...]:
        """`words`, `meaning`, and `deep` where there is a deep embedder."""
        legs: dict[str, RetrievalLeg] = {
            "words": skipped("words", "Only meaning was asked for."),
            "meaning": skipped("meaning", "Only words were asked for."),
        }

        async def by_words() -> None:
            legs["words"] = await self._words(query, scope)

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

    async def _words(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> RetrievalLeg:
        """What is quoted must be there; beside meaning, which knows no quotations, it may be looked for loosely at last."""
        strict = await run_leg("words", lambda: self._keywords.search(query.text, CANDIDATES, scope))
        is_empty = strict.state is LegState.RAN and not strict.ranking
        if query.mode is SearchMode.KEYWORD or not is_empty or not self._keywords.has_quotation(query.text):
            return strict
        loose = await run_leg("words", lambda: self._keywords.search(query.text, CANDIDATES, scope, loosely=True))
        return loose if loose.state is LegState.FAILED else replace(loose, message=NOTHING_QUOTED)

    async def _nearest(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> Sequence[ScoredChunk]:
        vector = await self._embedder.embed_prompt(query.text)
        hits = await self._vectors.search(vector, CANDIDATES, scope)
        least = query.min_similarity
        return hits if least is None else [hit for hit in hits if hit.score >= least]

    async def _ranked(
        self, query: RetrievalQuery, words: RetrievalLeg, meaning: RetrievalLeg, deep: Sequence[ScoredChunk]
    ) -> tuple[tuple[ScoredChunk, ...], Sequence[RetrievalLeg]]:
        """The one ranking of a mode, and the legs that came of making it."""
        began, more = perf_counter(), list[RetrievalLeg]()
        ranking = await self._fused(query.mode, words, meaning, deep)
        if query.rerank:
            more.append(await self._reranked(query, ranking))
            ranking = _with_third(ranking, more[0])
        if query.mode is SearchMode.HYBRID and words.message is None and self._keywords.has_quotation(query.text):
            ranking = put_first(ranking, words.ranking)
        if query.mode is SearchMode.HYBRID:
            more.append(ran_leg("fusion", ranking, began))
        return ranking, more

    async def _fused(
        self, mode: SearchMode, words: RetrievalLeg, meaning: RetrievalLeg, deep: Sequence[ScoredChunk]
    ) -> tuple[ScoredChunk, ...]:
        """Words count as much as meaning, however many embedders tell of that."""
        share = 0.5 if deep else 1.0
        match mode:
            case SearchMode.KEYWORD:
                return words.ranking
            case SearchMode.SEMANTIC:
                return fuse([(meaning.ranking, share), (deep, share)]) if deep else meaning.ranking
            case SearchMode.HYBRID:
                fused = fuse([(words.ranking, 1.0), (meaning.ranking, share), (deep, share)])
                return lift_neighbours(fused, await self._chunks.neighbours([hit.chunk_id for hit in fused]))

    async def _reranked(self, query: RetrievalQuery, ranking: Sequence[ScoredChunk]) -> RetrievalLeg:
        best = [hit.chunk_id for hit in ranking[:RERANKED]]
        live = await self._chunks.find_many(best)
        return await run_reranker(self._reranker, query.text, [live[each] for each in best if each in live])


def _with_third(ranking: tuple[ScoredChunk, ...], reranked: RetrievalLeg) -> tuple[ScoredChunk, ...]:
    """Fused, not replaced: what the reranker thinks little of keeps what words and meaning gave it."""
    if not reranked.ranking:
        return ranking
    return fuse([(ranking, 1.0), (reranked.ranking, RERANKER_WEIGHT)])


def _check(query: RetrievalQuery) -> None:
    if not query.text.strip():
        raise InvalidInput("The query is empty.", field="query")
    if len(query.text) > MAX_QUERY_LENGTH:
        raise InvalidInput(
            f"The query has {len(query.text):,} characters; {MAX_QUERY_LENGTH:,} is the most.",
            field="query",
        )
