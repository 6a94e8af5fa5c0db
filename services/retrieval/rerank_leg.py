"""The `rerank` leg: the best candidates are scored against the query in batches, until the time limit."""

from collections.abc import Sequence
from time import perf_counter

import anyio

from engines.reranking import Reranker
from records.document import ChunkRecord
from records.errors import ExpectedError
from records.ids import ChunkId
from records.retrieval import Leg, LegState, RetrievalLeg
from services.retrieval.fusion import best_first
from services.retrieval.rankings import completed_leg, failed_leg

RERANK_CANDIDATES = 30
"""Maximum number of chunks that are scored. A chunk that is ranked lower is hardly ever the best."""
BATCH_SIZE = 5
"""Passages that are scored in one call. The same process embeds queries, and a query waits for one batch at most."""


async def run_reranker(reranker: Reranker, query: str, chunks: Sequence[ChunkRecord]) -> RetrievalLeg:
    """Score the chunks and rank them, best first.

    At the time limit, the ranking consists of the chunks that are scored by then, and the message states their number.
    """
    started = perf_counter()
    scores: dict[ChunkId, float] = {}
    try:
        with anyio.move_on_after(reranker.seconds) as limit:
            for first in range(0, len(chunks), BATCH_SIZE):
                batch = chunks[first : first + BATCH_SIZE]
                found = await reranker.score(query, [chunk.embedded_text for chunk in batch])
                scores |= {chunk.id: score for chunk, score in zip(batch, found, strict=True)}
    except ExpectedError as failure:
        return failed_leg(Leg.RERANK, failure.message, started)
    if not limit.cancelled_caught:
        return completed_leg(Leg.RERANK, best_first(scores), started)
    state = LegState.RAN if scores else LegState.SKIPPED
    message = _describe_limit(reranker.seconds, len(scores), len(chunks))
    return completed_leg(Leg.RERANK, best_first(scores), started, message, state)


def _describe_limit(seconds: float, scored: int, count: int) -> str:
    if not scored:
        return f"No passage was scored within {seconds:g} s. The model is busy or is still being loaded."
    return f"{scored} of {count} passages were scored within {seconds:g} s. The others keep their rank."
