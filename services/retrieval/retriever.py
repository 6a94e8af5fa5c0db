"""The retriever: returns ranked passages for a query.

Documents are filtered first. Keyword, dense and deep search then run at the same time, their rankings are fused, and the
best chunks are optionally reranked. The reasons for the weights and the order of steps are in docs/decisions/0017.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter

import anyio

from engines.embedding import Embedder
from engines.reranking import Reranker
from records.access import AccessScope
from records.errors import InvalidInput
from records.ids import ChunkId, DocumentId
from records.retrieval import (
    MAX_QUERY_LENGTH,
    Leg,
    LegState,
    Retrieval,
    RetrievalLeg,
    RetrievalQuery,
    ScoredChunk,
    SearchMode,
    Snippet,
)
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.keyword_index import KeywordIndex
from services.interfaces.vector_index import VectorIndex
from services.retrieval.deep_search import DeepSearch
from services.retrieval.fusion import fuse, group_by_page, lift_neighbours, put_first
from services.retrieval.near_duplicates import NearDuplicates
from services.retrieval.passages import make_hits, select_passages
from services.retrieval.ranking_steps import RankingSteps
from services.retrieval.rankings import CANDIDATES, Rankings, completed_leg, run_leg, skipped_leg
from services.retrieval.rerank_leg import RERANK_CANDIDATES, run_reranker
from services.retrieval.snippets import make_snippet

MAX_LIFTING_HITS = 200
"""Best hits whose neighbouring chunks gain score. The neighbours of lower hits would not reach the first positions."""
RERANK_WEIGHT = 1.0
"""Weight of the reranker's ranking in the fusion with the ranking that it reorders."""
QUOTATION_NOT_FOUND = "No passage contains the quoted text. Its words were searched one by one."
NO_DOCUMENT = "No searchable document is in scope."


class Retriever:
    """Reads the stores and embeds the query; it keeps no state between queries."""

    def __init__(
        self,
        documents: DocumentStore,
        chunks: ChunkStore,
        keywords: KeywordIndex,
        vectors: VectorIndex,
        embedder: Embedder,
        reranker: Reranker,
        deep: DeepSearch | None = None,
        *,
        steps: RankingSteps | None = None,
    ) -> None:
        self._documents = documents
        self._chunks = chunks
        self._keywords = keywords
        self._vectors = vectors
        self._embedder = embedder
        self._reranker = reranker
        self._deep = deep
        self._steps = steps or RankingSteps()

    async def retrieve(self, access: AccessScope, query: RetrievalQuery) -> Retrieval:
        """Return the `top_k` best passages of the documents that `access` includes, best first.

        A leg that fails is reported in `legs`; the hits come from the others. Raises `InvalidInput` for an empty or too
        long query and `NotFound` for a document that does not exist.
        """
        started = perf_counter()
        _validate(query)
        scope = await self._documents.resolve_scope(access, query.searched, query.tags)
        if scope == ():
            legs = skipped_leg(Leg.KEYWORD, NO_DOCUMENT), skipped_leg(Leg.DENSE, NO_DOCUMENT)
            return Retrieval(query, (), legs, 0, 0.0)
        rankings = await self._search(access, query, scope)
        ranking, later_legs = await self._combine(access, query, rankings)
        near_duplicates = NearDuplicates() if self._steps.removes_near_duplicates else None
        selection = await select_passages(self._chunks, access, ranking, query.top_k, near_duplicates)
        hits = await make_hits(self._documents, access, selection, rankings)
        dropped = near_duplicates.dropped if near_duplicates else 0
        return Retrieval(query, hits, (*rankings.legs, *later_legs), dropped, (perf_counter() - started) * 1000)

    def make_snippet(self, query: str, text: str) -> Snippet:
        """Return the part of a passage that shows why a query finds it. Takes a third of a millisecond."""
        return make_snippet(text, self._keywords.spans(text, query))

    async def _search(self, access: AccessScope, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> Rankings:
        """Run the searches that the mode asks for at the same time."""
        reason = f"The search mode is {query.mode.value}."
        legs: dict[Leg, RetrievalLeg] = {leg: skipped_leg(leg, reason) for leg in (Leg.KEYWORD, Leg.DENSE)}
        rare: tuple[ChunkId, ...] = ()

        async def search_keywords() -> None:
            nonlocal rare
            legs[Leg.KEYWORD] = await self._search_keywords(access, query, scope)
            if query.mode is SearchMode.HYBRID and legs[Leg.KEYWORD].state is LegState.RAN:
                rare = await self._keywords.rare_matches(access, query.text, scope)

        async def search_dense() -> None:
            legs[Leg.DENSE] = await run_leg(Leg.DENSE, lambda: self._nearest(query, scope))

        async def search_deep(deep: DeepSearch) -> None:
            legs[Leg.DEEP] = await deep.run(query, scope)

        async with anyio.create_task_group() as searches:
            if query.mode is not SearchMode.SEMANTIC:
                searches.start_soon(search_keywords)
            if query.mode is not SearchMode.KEYWORD:
                searches.start_soon(search_dense)
            if self._deep is not None:
                searches.start_soon(search_deep, self._deep)
        return Rankings(legs[Leg.KEYWORD], legs[Leg.DENSE], legs.get(Leg.DEEP), rare)

    async def _search_keywords(
        self, access: AccessScope, query: RetrievalQuery, scope: Sequence[DocumentId] | None
    ) -> RetrievalLeg:
        """Search for passages that contain every quotation of the query.

        If a hybrid query has quotations that no passage contains, their words are searched like others.
        """
        search = partial(self._keywords.search, access, query.text, CANDIDATES, scope)
        strict = await run_leg(Leg.KEYWORD, search)
        is_empty = strict.state is LegState.RAN and not strict.ranking
        if query.mode is SearchMode.KEYWORD or not is_empty or not self._keywords.has_quotation(query.text):
            return strict
        loose = await run_leg(Leg.KEYWORD, partial(search, loosely=True))
        return loose if loose.state is LegState.FAILED else replace(loose, message=QUOTATION_NOT_FOUND)

    async def _nearest(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> Sequence[ScoredChunk]:
        vector = await self._embedder.embed_prompt(query.text)
        hits = await self._vectors.search(vector, CANDIDATES, scope)
        return [hit for hit in hits if query.min_similarity is None or hit.score >= query.min_similarity]

    async def _combine(
        self, access: AccessScope, query: RetrievalQuery, rankings: Rankings
    ) -> tuple[tuple[ScoredChunk, ...], Sequence[RetrievalLeg]]:
        """Return the fusion of the rankings, reranked if the query requests it, with the legs of these two steps."""
        started, legs = perf_counter(), list[RetrievalLeg]()
        ranking = await self._fuse(access, query.mode, rankings)
        if query.rerank:
            legs.append(await self._rerank(access, query, ranking))
            ranking = _add_reranked(ranking, legs[0].ranking)
        if query.mode is SearchMode.HYBRID:
            if self._steps.puts_identifiers_first:
                ranking = put_first(ranking, rankings.rare)
            if rankings.keyword.message is None and self._keywords.has_quotation(query.text):
                ranking = put_first(ranking, [hit.chunk_id for hit in rankings.keyword.ranking])
            legs.append(completed_leg(Leg.FUSION, ranking, started))
        return ranking, legs

    async def _fuse(self, access: AccessScope, mode: SearchMode, rankings: Rankings) -> tuple[ScoredChunk, ...]:
        """Fuse the rankings of a mode.

        The keyword ranking has the same weight as all vector rankings together, even with two embedders.
        """
        keyword, dense, deep = rankings.keyword.ranking, rankings.dense.ranking, await self._deep_ranking(rankings)
        weight, steps = 0.5 if deep else 1.0, self._steps
        match mode:
            case SearchMode.KEYWORD:
                return keyword
            case SearchMode.SEMANTIC:
                return fuse([(dense, weight), (deep, weight)], steps.fusion) if deep else dense
            case SearchMode.HYBRID:
                fused = fuse([(keyword, steps.keyword_weight), (dense, weight), (deep, weight)], steps.fusion)
                return await self._apply_context(access, fused)

    async def _apply_context(self, access: AccessScope, ranking: tuple[ScoredChunk, ...]) -> tuple[ScoredChunk, ...]:
        """Adjust the scores of chunks by those of their neighbours and of their pages."""
        steps = self._steps
        if steps.neighbour_share:
            lifting = [hit.chunk_id for hit in ranking[:MAX_LIFTING_HITS]]
            neighbours = await self._chunks.neighbours(access, lifting)
            ranking = lift_neighbours(ranking, neighbours, steps.neighbour_share)
        if steps.page_share:
            pages = await self._chunks.pages_of(access, [hit.chunk_id for hit in ranking])
            ranking = group_by_page(ranking, pages, steps.page_share, steps.page_decay)
        return ranking

    async def _deep_ranking(self, rankings: Rankings) -> Sequence[ScoredChunk]:
        if self._deep is None or rankings.deep is None:
            return ()
        return await self._deep.complete(rankings.deep.ranking, rankings.dense.ranking)

    async def _rerank(self, access: AccessScope, query: RetrievalQuery, ranking: Sequence[ScoredChunk]) -> RetrievalLeg:
        best = [hit.chunk_id for hit in ranking[:RERANK_CANDIDATES]]
        live = await self._chunks.find_many(access, best)
        return await run_reranker(self._reranker, query.text, [live[each] for each in best if each in live])


def _add_reranked(ranking: tuple[ScoredChunk, ...], reranked: Sequence[ScoredChunk]) -> tuple[ScoredChunk, ...]:
    """Fuse both rankings, so that a low score of the reranker does not cancel a good rank in the other ranking."""
    return fuse([(ranking, 1.0), (reranked, RERANK_WEIGHT)]) if reranked else ranking


def _validate(query: RetrievalQuery) -> None:
    if not query.text.strip():
        raise InvalidInput("The query is empty.", field="query")
    if len(query.text) > MAX_QUERY_LENGTH:
        raise InvalidInput(
            f"The query has {len(query.text):,} characters. At most {MAX_QUERY_LENGTH:,} are allowed.",
            field="query",
        )
