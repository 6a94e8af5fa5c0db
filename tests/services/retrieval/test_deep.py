"""The deep leg: when it takes part, and that a document whose turn has not come loses nothing by it."""

from typing import Any, cast

import pytest

from records.ids import ChunkId
from records.retrieval import LegState, RetrievalQuery, ScoredChunk, SearchMode
from services.retrieval.deep_search import DeepSearch
from services.retrieval.fusion import fuse
from tests.fakes.indexing import FakeDeepVectors, FakeIndex, WorkerCrash


class FakePrompts:
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


def deep(prompts: FakePrompts, *found: ScoredChunk, indexed: int = 3) -> DeepSearch:
    vectors = FakeDeepVectors(6)
    vectors.stored = {ChunkId(at + 1) for at in range(indexed)}
    return DeepSearch(prompts, cast(Any, FakeIndex(*found)), vectors)


async def test_it_runs_where_documents_in_scope_are_indexed_and_the_model_is_there() -> None:
    leg = await deep(FakePrompts(), *hits(0.9, 0.8)).run(RetrievalQuery("wheel"), None)
    assert (leg.name, leg.state, leg.candidates, leg.ranking) == ("deep", LegState.RAN, 2, hits(0.9, 0.8))


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (RetrievalQuery("wheel", mode=SearchMode.KEYWORD), "Only words"),
        (RetrievalQuery("wheel", min_similarity=0.3), "light embedder's"),
    ],
)
async def test_it_says_why_it_takes_no_part(query: RetrievalQuery, reason: str) -> None:
    leg = await deep(FakePrompts(), *hits(0.9)).run(query, None)
    assert leg.state is LegState.SKIPPED
    assert reason in (leg.message or "")


async def test_nothing_is_loaded_for_documents_that_are_not_indexed() -> None:
    prompts = FakePrompts()
    prompts.is_ready = False
    leg = await deep(prompts, indexed=0).run(RetrievalQuery("wheel"), None)
    assert (leg.state, prompts.wakes) == (LegState.SKIPPED, 0)


async def test_a_search_does_not_wait_for_the_model_and_has_it_loaded_for_the_next() -> None:
    prompts = FakePrompts()
    prompts.is_ready = False
    leg = await deep(prompts, *hits(0.9)).run(RetrievalQuery("wheel"), None)
    assert (leg.state, prompts.wakes) == (LegState.SKIPPED, 1)
    assert "being loaded" in (leg.message or "")


async def test_a_model_that_cannot_be_loaded_is_a_failed_leg_with_its_reason() -> None:
    prompts = FakePrompts()
    prompts.is_ready, prompts.failure = False, "It is cut off."
    leg = await deep(prompts, *hits(0.9)).run(RetrievalQuery("wheel"), None)
    assert (leg.state, leg.message) == (LegState.FAILED, "It is cut off.")


async def test_a_crash_is_a_failed_leg() -> None:
    prompts = FakePrompts()
    prompts.error = WorkerCrash("The process ended.")
    leg = await deep(prompts, *hits(0.9)).run(RetrievalQuery("wheel"), None)
    assert (leg.state, leg.message) == (LegState.FAILED, "The process ended.")


async def test_a_chunk_without_a_deep_vector_keeps_its_place_among_the_lights_hits() -> None:
    light = hits(0.8, 0.7, 0.6, 0.5, 0.4)
    found = hits(30.0, 20.0, 10.0)
    completed = await deep(FakePrompts(), indexed=3).completed(found, light)
    assert [hit.chunk_id for hit in completed] == [1, 2, 4, 3, 5]
    assert [hit.score for hit in completed] == pytest.approx([30.0, 20.0, 15.0, 10.0, 10.0])


async def test_the_best_light_hit_that_is_not_indexed_yet_stays_first() -> None:
    """The others have two embedders that speak for them, and it has one."""
    light = (ScoredChunk(ChunkId(6), 0.9), *hits(0.5, 0.4, 0.3))
    found = hits(0.9, 0.5, 0.4)
    completed = await deep(FakePrompts(), indexed=3).completed(found, light)
    fused = fuse([(light, 1.0), (completed, 1.0)])
    assert fused[0].chunk_id == 6
    alone = fuse([(light, 1.0), (found, 1.0)])
    assert alone[0].chunk_id == 1, "that is what the place is for"


@pytest.mark.parametrize("empty", ["deep", "light"])
async def test_where_one_of_them_found_nothing_there_is_nothing_to_complete(empty: str) -> None:
    search = deep(FakePrompts())
    found, light = (() if empty == "deep" else hits(0.9)), (() if empty == "light" else hits(0.9))
    assert await search.completed(found, light) == found
