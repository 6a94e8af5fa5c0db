"""The reranker's leg: the best candidates are held against the prompt, a few at a time, until the time for it is over."""

import asyncio
from collections.abc import Sequence
from time import perf_counter

from engines.reranking import Reranker
from records.document import ChunkRecord
from records.errors import ExpectedError
from records.ids import ChunkId
from records.retrieval import LegState, RetrievalLeg
from services.retrieval.fusion import best_first
from services.retrieval.rankings import failed_leg, ran_leg

CANDIDATES = 30
"What is better than the thirtieth is nearly always among them."
BATCH = 5
"Passages that are scored together: a prompt that is to be embedded meanwhile waits for no more than these."


async def run_reranker(reranker: Reranker, prompt: str, chunks: Sequence[ChunkRecord]) -> RetrievalLeg:
    """Score the candidates, best first; what is scored when the time is over is the ranking, and the message says so."""
    began = perf_counter()
    scores: dict[ChunkId, float] = {}
    try:
        async with asyncio.timeout(reranker.seconds):
            for first in range(0, len(chunks), BATCH):
                batch = chunks[first : first + BATCH]
                found = await reranker.score(prompt, [chunk.embedded_text for chunk in batch])
                scores |= {chunk.id: score for chunk, score in zip(batch, found, strict=True)}
    except TimeoutError:
        state = LegState.RAN if scores else LegState.SKIPPED
        return ran_leg("reranker", best_first(scores), began, _over(reranker, len(scores), len(chunks)), state)
    except ExpectedError as failure:
        return failed_leg("reranker", failure, began)
    return ran_leg("reranker", best_first(scores), began)


def _over(reranker: Reranker, scored: int, count: int) -> str:
    if not scored:
        return f"No passage could be scored within {reranker.seconds:g} s: the model is busy, or is still being loaded."
    return f"{scored} of {count} passages were scored within {reranker.seconds:g} s; the others keep their place."
