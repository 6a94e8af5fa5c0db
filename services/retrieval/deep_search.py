"""The leg that searches the vectors of the deep embedder, as far as it has come with the documents."""

from collections.abc import Sequence
from typing import Protocol

from records.ids import ChunkId, DocumentId
from records.retrieval import RetrievalLeg, RetrievalQuery, ScoredChunk, SearchMode
from services.interfaces.vector_index import VectorIndex
from services.retrieval.rankings import failed, run_leg, skipped

NAME = "deep"
CANDIDATES = 100
NOTHING_INDEXED = "The deep embedder has indexed no document in scope yet."
LOADING = "The deep embedder is being loaded; searches in a moment will use it."
OWN_SCALE = "A least similarity was asked for, and that is the light embedder's."


class PromptEmbedder(Protocol):
    """`engines.embedding.DeepEmbedder`."""

    @property
    def is_ready(self) -> bool: ...
    @property
    def failure(self) -> str | None: ...
    def wake(self) -> None: ...
    async def embed_prompt(self, text: str) -> bytes: ...


class Coverage(Protocol):
    async def covers(self, document_ids: Sequence[DocumentId] | None) -> bool: ...
    async def lacking(self, chunk_ids: Sequence[ChunkId]) -> frozenset[ChunkId]: ...


class DeepSearch:
    def __init__(self, embedder: PromptEmbedder, index: VectorIndex, coverage: Coverage) -> None:
        self._embedder = embedder
        self._index = index
        self._coverage = coverage

    async def run(self, query: RetrievalQuery, scope: Sequence[DocumentId] | None) -> RetrievalLeg:
        """Never waits for the model to load: that is begun for the searches after this one."""
        if query.mode is SearchMode.KEYWORD:
            return skipped(NAME, "Only words were asked for.")
        if query.min_similarity is not None:
            return skipped(NAME, OWN_SCALE)
        if not await self._coverage.covers(scope):
            return skipped(NAME, NOTHING_INDEXED)
        if not self._embedder.is_ready:
            self._embedder.wake()
            reason = self._embedder.failure
            return skipped(NAME, LOADING) if reason is None else failed(NAME, reason)
        return await run_leg(NAME, lambda: self._nearest(query.text, scope))

    async def _nearest(self, text: str, scope: Sequence[DocumentId] | None) -> Sequence[ScoredChunk]:
        return await self._index.search(await self._embedder.embed_prompt(text), CANDIDATES, scope)

    async def completed(self, deep: Sequence[ScoredChunk], light: Sequence[ScoredChunk]) -> tuple[ScoredChunk, ...]:
        """The deep ranking, with places for the light embedder's hits that the deep one has not indexed yet.

        Such a hit gets the place between the deep scores' ends that it has between the light ones': a document must not
        lose to others because its turn has not come.
        """
        if not deep or not light:
            return tuple(deep)
        lacking = await self._coverage.lacking([hit.chunk_id for hit in light])
        stood_in = [
            ScoredChunk(hit.chunk_id, _stretched(hit.score, light, deep)) for hit in light if hit.chunk_id in lacking
        ]
        return tuple(sorted((*deep, *stood_in), key=lambda hit: (-hit.score, hit.chunk_id)))


def _stretched(score: float, light: Sequence[ScoredChunk], deep: Sequence[ScoredChunk]) -> float:
    """From the range of one ranking (best first) to that of another."""
    span = light[0].score - light[-1].score
    share = (score - light[-1].score) / span if span else 1.0
    return deep[-1].score + share * (deep[0].score - deep[-1].score)
