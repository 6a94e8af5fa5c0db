"""The deep leg: when it runs, and that documents without deep vectors keep their rank."""

from typing import Any, cast

import pytest

from records.ids import ChunkId
from records.retrieval import Leg, LegState, RetrievalQuery, ScoredChunk, SearchMode
from services.retrieval.deep_search import DeepSearch
from services.retrieval.fusion import fuse
from tests.fakes.indexing import FakeDeepVectors, FakeIndex, WorkerCrash


class FakePromptEmbedder:
    """An embedder whose state a test sets; `wakes` counts requests to load its model."""

    def __init__(self) -> None:
        self.is_ready = True
        self.failure: str | None = None
        self.wakes = 0
        self.error: Exception | None = None

    def wake(self) -> None:
        self.wakes += 1

    async def embed_prompt(self, text: str) -> bytes:
        if self.error is not None:
            raise self.error
        return b"\0" * 8


def hits(*scores: float, first: int = 1) -> tuple[ScoredChunk, ...]:
    return tuple(ScoredChunk(ChunkId(first + at), score) for at, score in enumerate(scores))


def make_search(prompts: FakePromptEmbedder, *found: ScoredChunk, indexed: int = 3) -> DeepSearch:
    """Return a search that finds `found`, over six chunks of which the first `indexed` have a deep vector."""
    vectors = FakeDeepVectors(6)
    vectors.stored = {ChunkId(at + 1) for at in range(indexed)}
    return DeepSearch(prompts, cast(Any, FakeIndex(*found)), vectors)


async def test_the_leg_runs_if_documents_in_scope_are_indexed_and_the_model_is_loaded() -> None:
    leg = await make_search(FakePromptEmbedder(), *hits(0.9, 0.8)).run(RetrievalQuery("wheel"), None)
    assert (leg.name, leg.state, leg.candidates, leg.ranking) == (Leg.DEEP, LegState.RAN, 2, hits(0.9, 0.8))


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (RetrievalQuery("wheel", mode=SearchMode.KEYWORD), "search mode is KEYWORD"),
        (RetrievalQuery("wheel", min_similarity=0.3), "minimum similarity"),
    ],
)
async def test_a_skipped_leg_states_the_reason(query: RetrievalQuery, reason: str) -> None:
    leg = await make_search(FakePromptEmbedder(), *hits(0.9)).run(query, None)
    assert leg.state is LegState.SKIPPED
    assert reason in (leg.message or "")


async def test_the_model_is_not_loaded_for_documents_that_are_not_indexed() -> None:
    prompts = FakePromptEmbedder()
    prompts.is_ready = False
    leg = await make_search(prompts, indexed=0).run(RetrievalQuery("wheel"), None)
    assert (leg.state, prompts.wakes) == (LegState.SKIPPED, 0)


async def test_a_search_starts_to_load_the_model_without_waiting_for_it() -> None:
    prompts = FakePromptEmbedder()
    prompts.is_ready = False
    leg = await make_search(prompts, *hits(0.9)).run(RetrievalQuery("wheel"), None)
    assert (leg.state, prompts.wakes) == (LegState.SKIPPED, 1)
    assert "being loaded" in (leg.message or "")


async def test_a_model_that_cannot_be_loaded_makes_the_leg_fail_with_its_reason() -> None:
    prompts = FakePromptEmbedder()
    prompts.is_ready, prompts.failure = False, "It is cut off."
    leg = await make_search(prompts, *hits(0.9)).run(RetrievalQuery("wheel"), None)
    assert (leg.state, leg.message) == (LegState.FAILED, "It is cut off.")


async def test_a_crash_makes_the_leg_fail() -> None:
    prompts = FakePromptEmbedder()
    prompts.error = WorkerCrash("The process ended.")
    leg = await make_search(prompts, *hits(0.9)).run(RetrievalQuery("wheel"), None)
    assert (leg.state, leg.message) == (LegState.FAILED, "The process ended.")


async def test_a_chunk_without_a_deep_vector_keeps_its_relative_score() -> None:
    dense = hits(0.8, 0.7, 0.6, 0.5, 0.4)
    found = hits(30.0, 20.0, 10.0)
    completed = await make_search(FakePromptEmbedder(), indexed=3).complete(found, dense)
    assert [hit.chunk_id for hit in completed] == [1, 2, 4, 3, 5]
    assert [hit.score for hit in completed] == pytest.approx([30.0, 20.0, 15.0, 10.0, 10.0])


async def test_the_best_dense_hit_stays_first_if_it_is_not_indexed_yet() -> None:
    """Without `complete`, another hit would be first in the fused ranking, because both rankings contain it."""
    dense = (ScoredChunk(ChunkId(6), 0.9), *hits(0.5, 0.4, 0.3))
    found = hits(0.9, 0.5, 0.4)
    completed = await make_search(FakePromptEmbedder(), indexed=3).complete(found, dense)
    fused = fuse([(dense, 1.0), (completed, 1.0)])
    assert fused[0].chunk_id == 6
    without = fuse([(dense, 1.0), (found, 1.0)])
    assert without[0].chunk_id == 1


@pytest.mark.parametrize("empty", ["deep", "dense"])
async def test_an_empty_ranking_is_not_completed(empty: str) -> None:
    search = make_search(FakePromptEmbedder())
    found, dense = (() if empty == "deep" else hits(0.9)), (() if empty == "dense" else hits(0.9))
    assert await search.complete(found, dense) == found
