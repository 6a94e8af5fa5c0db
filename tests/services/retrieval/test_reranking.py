"""The rerank leg keeps its time limit and reports what it did not score."""

from records.ids import ChunkId
from records.retrieval import Leg, LegState
from records.system import WorkerPurpose
from services.retrieval.rerank_leg import BATCH_SIZE, run_reranker
from tests.fakes.reranking import FakeReranker
from tests.support.builders import make_chunk
from workers import WorkerCrashed

CHUNKS = [make_chunk(id=ChunkId(n), text=f"passage {n % 7}", context="Pump") for n in range(1, 13)]


async def test_all_candidates_are_scored_in_batches_and_ranked() -> None:
    reranker = FakeReranker()
    leg = await run_reranker(reranker, "what?", CHUNKS)
    assert (leg.name, leg.state, leg.message, leg.candidates) == (Leg.RERANK, LegState.RAN, None, 12)
    assert [hit.chunk_id for hit in leg.ranking][:3] == [6, 5, 12]
    assert [len(texts) for _, texts in reranker.asked] == [BATCH_SIZE, BATCH_SIZE, 2]
    assert reranker.asked[0][0] == "what?"
    assert reranker.asked[0][1][0] == "Pump\npassage 1"


async def test_at_the_time_limit_the_scored_candidates_are_ranked() -> None:
    leg = await run_reranker(FakeReranker(seconds=0.05, patience=1), "what?", CHUNKS)
    assert (leg.state, leg.candidates) == (LegState.RAN, BATCH_SIZE)
    assert leg.message == "5 of 12 passages were scored within 0.05 s. The others keep their rank."


async def test_without_any_score_in_time_the_leg_is_skipped() -> None:
    leg = await run_reranker(FakeReranker(seconds=0.05, patience=0), "what?", CHUNKS)
    assert (leg.state, leg.ranking) == (LegState.SKIPPED, ())
    assert leg.message is not None
    assert "still being loaded" in leg.message


async def test_a_crash_is_reported_on_the_leg() -> None:
    crash = WorkerCrashed(WorkerPurpose.RERANKING, "was ended by SIGKILL")
    leg = await run_reranker(FakeReranker(failure=crash), "what?", CHUNKS)
    assert (leg.state, leg.ranking) == (LegState.FAILED, ())
    assert leg.message == "The process for reranking was ended by SIGKILL. Try again in a moment."


async def test_without_candidates_the_reranker_is_not_called() -> None:
    reranker = FakeReranker()
    assert (await run_reranker(reranker, "what?", [])).state is LegState.RAN
    assert reranker.asked == []
