"""Start, interruption and published status of background indexing, with a clock that the test advances."""

import pytest

from concurrency import Signal
from records.errors import Conflict
from records.indexing import IndexingState
from services.indexing import ConfiguredEmbedder, Indexing, ServerActivity, open_indexing
from services.indexing.deep_index import BATCH_SIZE
from services.indexing.idleness import Load
from services.indexing.indexing import MEASURE_SECONDS
from tests.fakes.indexing import FakeDeepVectors, FakeLoadMeter, WorkerCrash
from tests.services.indexing.harness import SETTINGS, open_harness
from tests.support.supervisor import open_test_supervisor

IDLE, WAITING, RUNNING = IndexingState.IDLE, IndexingState.WAITING_FOR_IDLE, IndexingState.RUNNING
STOPPING, FAILED = IndexingState.STOPPING, IndexingState.FAILED


def make_indexing(embedder: ConfiguredEmbedder) -> Indexing:
    return Indexing(embedder, SETTINGS, FakeLoadMeter(), ServerActivity(lambda: 0, lambda: 0, Signal()))


async def test_without_a_deep_embedder_there_is_nothing_to_start_or_to_stop() -> None:
    async with (
        open_test_supervisor() as supervisor,
        open_indexing(supervisor, make_indexing(ConfiguredEmbedder())) as indexing,
    ):
        status = await indexing.status()
        assert (status.state, status.deep_embedder, status.error) == (IDLE, None, None)
        with pytest.raises(Conflict, match="No deep embedder is configured"):
            await indexing.start_indexing(now=True)
        with pytest.raises(Conflict, match="nothing to stop"):
            await indexing.stop_indexing(None)


async def test_a_deep_embedder_that_does_not_exist_is_failed_with_its_reason() -> None:
    embedder = ConfiguredEmbedder("large", "The folder does not exist.")
    async with open_test_supervisor() as supervisor, open_indexing(supervisor, make_indexing(embedder)) as indexing:
        status = await indexing.status()
        assert (status.state, status.deep_embedder, status.error) == (FAILED, "large", "The folder does not exist.")
        with pytest.raises(Conflict, match="The folder does not exist"):
            await indexing.start_indexing(now=True)


async def test_indexing_starts_when_the_machine_has_been_idle_long_enough_and_ends_when_everything_is_indexed() -> None:
    async with open_harness() as on:
        assert await on.state() is WAITING
        await on.pass_time(55)
        status = await on.indexing.status()
        assert (status.state, status.idle_seconds, on.embedder.batches) == (WAITING, 55, 0)
        await on.pass_time(5)
        assert await on.state() is RUNNING
        on.embedder.is_free = True
        on.embedder.permits.release()
        await on.settle()
        status = await on.indexing.status()
        assert (status.state, status.pending_chunks, status.done_chunks) == (IDLE, 0, 40)
        assert on.embedder.batches == 3, "40 chunks in batches of 16"
        assert (status.done_documents, status.embedded_chunks) == (1, 40)
        assert on.indexing.latest == status
        assert on.published_states == [IDLE, WAITING, RUNNING, IDLE]


@pytest.mark.parametrize(
    "busy", [Load(None, 10.0), Load(10.0, 0.0), Load(55.0, 0.0)], ids=["processor", "GPU at the threshold", "GPU"]
)
async def test_a_moment_of_load_restarts_the_idle_time(busy: Load) -> None:
    async with open_harness() as on:
        await on.pass_time(55)
        on.machine.load = busy
        await on.pass_time(5)
        assert (await on.indexing.status()).idle_seconds == 0
        on.machine.load = Load(busy.gpu and 9.9, 9.9)
        await on.pass_time(55)
        assert await on.state() is WAITING
        await on.pass_time(5)
        assert await on.state() is RUNNING


async def test_with_a_gpu_the_load_of_the_processor_is_ignored() -> None:
    async with open_harness() as on:
        on.machine.load = Load(0.0, 90.0)
        await on.pass_time(60)
        status = await on.indexing.status()
        assert (status.state, status.gpu_utilization_percent) == (RUNNING, 0.0)


@pytest.mark.parametrize("work", ["answers", "documents"])
async def test_indexing_does_not_start_while_the_server_has_other_work(work: str) -> None:
    async with open_harness() as on:
        setattr(on.machine, work, 1)
        await on.pass_time(120)
        assert (await on.state(), on.embedder.batches) == (WAITING, 0)
        setattr(on.machine, work, 0)
        await on.pass_time(60)
        assert await on.state() is RUNNING


async def test_an_immediate_start_does_not_wait_for_an_idle_machine() -> None:
    async with open_harness() as on:
        on.machine.load, on.machine.documents = Load(None, 100.0), 3
        status = await on.indexing.start_indexing(now=True)
        assert status.state is RUNNING
        assert status.started_at is not None
        await on.pass_time(30)
        assert await on.state() is RUNNING, "the load does not interrupt a run that a user started"
        with pytest.raises(Conflict, match="already RUNNING"):
            await on.indexing.start_indexing(now=True)


async def test_an_answer_interrupts_indexing_at_once_and_costs_at_most_one_batch() -> None:
    async with open_harness() as on:
        await on.indexing.start_indexing(now=True)
        on.embedder.permits.release()
        for _ in range(2):
            await on.embedder.started.acquire()
        await on.start_answer()
        assert (await on.state(), on.embedder.halts, on.embedder.interrupted_chunks) == (WAITING, 1, BATCH_SIZE)
        assert len(on.vectors.stored) == BATCH_SIZE
        assert STOPPING in on.published_states
        await on.pass_time(300)
        assert await on.state() is WAITING


async def test_indexing_resumes_after_the_answer_without_embedding_stored_batches_again() -> None:
    async with open_harness() as on:
        await on.indexing.start_indexing(now=True)
        on.embedder.permits.release()
        for _ in range(2):
            await on.embedder.started.acquire()
        await on.start_answer()
        on.machine.answers, on.embedder.is_free = 0, True
        await on.pass_time(MEASURE_SECONDS)
        status = await on.indexing.status()
        assert (status.state, status.done_chunks) == (IDLE, 40)
        assert on.embedder.batches == 2 + 2


async def test_after_an_answer_an_idle_run_waits_for_the_whole_idle_time_again() -> None:
    async with open_harness() as on:
        await on.pass_time(60)
        await on.start_answer()
        on.machine.answers = 0
        await on.pass_time(55)
        assert await on.state() is WAITING
        await on.pass_time(10)
        assert await on.state() is RUNNING


async def test_load_of_other_programs_interrupts_an_idle_run() -> None:
    async with open_harness() as on:
        await on.pass_time(60)
        on.machine.load = Load(None, 80.0)
        await on.pass_time(5)
        assert (await on.state(), on.embedder.halts) == (WAITING, 1)


async def test_indexing_stays_stopped_until_a_user_starts_it_again() -> None:
    async with open_harness() as on:
        await on.indexing.start_indexing(now=True)
        await on.embedder.started.acquire()
        status = await on.indexing.stop_indexing("I need the machine")
        assert (status.state, on.embedder.halts) == (IDLE, 1)
        await on.pass_time(300)
        assert await on.state() is IDLE
        with pytest.raises(Conflict, match="nothing to stop"):
            await on.indexing.stop_indexing(None)
        assert (await on.indexing.start_indexing(now=False)).state is WAITING
        await on.pass_time(60)
        assert await on.state() is RUNNING


async def test_a_stop_while_waiting_ends_the_waiting() -> None:
    async with open_harness() as on:
        assert (await on.indexing.stop_indexing(None)).state is IDLE
        await on.pass_time(120)
        assert (await on.state(), on.embedder.batches) == (IDLE, 0)


async def test_a_failure_is_published_and_retried_only_on_request() -> None:
    async with open_harness() as on:
        on.embedder.failure = WorkerCrash("The deep embedder 'deep' cannot be used: its file is cut off.")
        await on.indexing.start_indexing(now=True)
        await on.settle()
        status = await on.indexing.status()
        assert status.state is FAILED
        assert status.error == "The deep embedder 'deep' cannot be used: its file is cut off."
        await on.pass_time(120)
        assert await on.state() is FAILED
        on.embedder.failure, on.embedder.is_free = None, True
        status = await on.indexing.start_indexing(now=True)
        assert status.error is None
        await on.settle()
        assert (await on.indexing.status()).done_chunks == 40
        assert on.embedder.resets == 2


async def test_an_unexpected_error_is_published_with_only_its_incident_id_and_the_loop_continues() -> None:
    async with open_harness() as on:
        on.embedder.failure = ZeroDivisionError("secret text of a document")
        await on.indexing.start_indexing(now=True)
        await on.settle()
        status = await on.indexing.status()
        assert status.state is FAILED
        assert status.error is not None
        assert "id " in status.error
        assert "secret" not in status.error
        on.embedder.failure, on.embedder.is_free = None, True
        await on.indexing.start_indexing(now=True)
        await on.settle()
        assert await on.state() is IDLE


async def test_new_documents_are_found_by_polling() -> None:
    async with open_harness(chunks=0) as on:
        assert await on.state() is IDLE
        on.vectors.chunks = FakeDeepVectors(3).chunks
        await on.pass_time(30)
        assert await on.state() is WAITING
        on.embedder.is_free = True
        await on.pass_time(30)
        status = await on.indexing.status()
        assert (status.state, status.done_chunks) == (IDLE, 3)


async def test_an_immediate_start_without_pending_chunks_does_not_apply_to_later_documents() -> None:
    async with open_harness(chunks=0) as on:
        assert (await on.indexing.start_indexing(now=True)).state is IDLE
        on.vectors.chunks = FakeDeepVectors(3).chunks
        await on.pass_time(10)
        assert (await on.state(), on.embedder.batches) == (WAITING, 0)


async def test_vectors_of_an_earlier_embedder_are_erased_when_the_new_ones_are_complete() -> None:
    async with open_harness(former=2500) as on:
        await on.indexing.start_indexing(now=True)
        assert on.vectors.former == 2500
        on.embedder.is_free = True
        on.embedder.permits.release()
        await on.settle()
        assert (await on.state(), on.vectors.former) == (IDLE, 0)


async def test_an_erasure_that_a_shutdown_interrupted_is_completed_after_the_next_start() -> None:
    async with open_harness(chunks=0, former=10) as on:
        assert on.vectors.former == 0


async def test_progress_is_published_at_most_once_a_second() -> None:
    async with open_harness(chunks=20 * BATCH_SIZE) as on:
        await on.indexing.start_indexing(now=True)
        await on.settle()
        before = len(on.published)
        for _ in range(10):
            on.embedder.permits.release()
            await on.settle()
        assert len(on.published) == before
        on.clock.time += 1.0
        on.embedder.permits.release()
        await on.settle()
        assert [status.done_chunks for status in on.published[before:]] == [11 * BATCH_SIZE]


async def test_a_database_that_always_fails_is_read_no_more_often_than_one_that_works() -> None:
    async with open_harness() as on:
        on.vectors.error = ZeroDivisionError()
        before = on.vectors.counted
        await on.pass_time(3 * MEASURE_SECONDS)
        assert on.vectors.counted - before == 3
        on.vectors.error = None
        assert await on.state() is FAILED
        assert (await on.indexing.start_indexing(now=False)).state is WAITING
