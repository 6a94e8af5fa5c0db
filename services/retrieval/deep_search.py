"""The search over the deep embedder's vectors, which may cover only a part of the documents."""

from collections.abc import Sequence
from typing import Protocol

from records.ids import ChunkId, DocumentId
from records.retrieval import Leg, RetrievalLeg, RetrievalQuery, ScoredChunk, SearchMode
from services.interfaces.vector_index import VectorIndex
from services.retrieval.rankings import CANDIDATES, failed_leg, run_leg, skipped_leg

NOTHING_INDEXED = "The deep embedder has not indexed any document in scope yet."
LOADING = "The deep embedder is being loaded. Later searches will use it."
LIGHT_SIMILARITY = "The query has a minimum similarity. It applies to the light embedder only."


class PromptEmbedder(Protocol):
    """Embeds queries; `engines.embedding.DeepEmbedder` implements it."""

    @property
    def is_ready(self) -> bool: ...
    @property
    def failure(self) -> str | None:
        """The reason why the model cannot be loaded; None if it can, or if loading was not tried."""
        ...

    def wake(self) -> None:
        """Start to load the model in the background."""
        ...

    async def embed_prompt(self, text: str) -> bytes: ...


class Coverage(Protocol):
    """Which chunks have a vector of the deep embedder; `persistence.embeddings.deep_embeddings` implements it."""

    async def covers(self, document_ids: Sequence[DocumentId] | None) -> bool: ...
    async def lacking(self, chunk_ids: Sequence[ChunkId]) -> frozenset[ChunkId]: ...


class DeepSearch:
    """Runs the `deep` leg, and adds to its ranking the hits of the dense leg that the deep embedder has not indexed yet."""

    def __init__(self, embedder: PromptEmbedder, index: VectorIndex, coverage: Coverage) -> None:
        self._embedder = embedder
        self._index = index
        self._coverage = coverage

    async def run(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> RetrievalLeg:
        """Search, if the embedder is loaded. Otherwise, skip the leg and load the embedder in the background."""
        reason = await self._reason_to_skip(query, scope)
        if reason is not None:
            return skipped_leg(Leg.DEEP, reason)
        if not self._embedder.is_ready:
            self._embedder.wake()
            failure = self._embedder.failure
            return skipped_leg(Leg.DEEP, LOADING) if failure is None else failed_leg(Leg.DEEP, failure)
        return await run_leg(Leg.DEEP, lambda: self._nearest(query.text, scope))

    async def _reason_to_skip(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> str | None:
        if query.mode is SearchMode.KEYWORD:
            return f"The search mode is {query.mode.value}."
        if query.min_similarity is not None:
            return LIGHT_SIMILARITY
        return None if await self._coverage.covers(scope) else NOTHING_INDEXED

    async def _nearest(self, text: str, scope: Sequence[DocumentId] | None) -> Sequence[ScoredChunk]:
        return await self._index.search(await self._embedder.embed_prompt(text), CANDIDATES, scope)

    async def complete(self, deep: Sequence[ScoredChunk], dense: Sequence[ScoredChunk]) -> tuple[ScoredChunk, ...]:
        """Insert hits of the dense ranking into the deep ranking if the deep embedder has not indexed them yet.

        Such a hit gets the score that has the same relative distance from the ends of the deep ranking as its own score
        has from the ends of the dense one. Otherwise a document would lose to others because it is not indexed yet.
        """
        if not deep or not dense:
            return tuple(deep)
        lacking = await self._coverage.lacking([hit.chunk_id for hit in dense])
        inserted = [
            ScoredChunk(hit.chunk_id, _rescale(hit.score, dense, deep)) for hit in dense if hit.chunk_id in lacking
        ]
        return tuple(sorted((*deep, *inserted), key=lambda hit: (-hit.score, hit.chunk_id)))


def _rescale(score: float, source: Sequence[ScoredChunk], target: Sequence[ScoredChunk]) -> float:
    """Map a score from the range of one ranking (best first) to the range of another."""
    span = source[0].score - source[-1].score
    share = (score - source[-1].score) / span if span else 1.0
    return target[-1].score + share * (target[0].score - target[-1].score)
