"""When indexing begins, what makes it give way, and what it says of itself; with a clock that the test moves."""

import asyncio

import pytest

from records.errors import Conflict
from records.indexing import IndexingState
from services.indexing import Indexing, open_indexing
from services.indexing.deep_index import BATCH
from services.indexing.idleness import Load
from services.indexing.indexing import LOOK_SECONDS
from tests.fakes.indexing import FakeDeepVectors, FakeMachine, Unusable
from tests.services.indexing.stage import SETTINGS, stage
from tests.support.supervised import open_test_supervisor

IDLE, WAITING, RUNNING = IndexingState.IDLE, IndexingState.WAITING_FOR_IDLE, IndexingState.RUNNING
STOPPING, FAILED = IndexingState.STOPPING, IndexingState.FAILED


async def test_without_a_deep_embedder_there_is_nothing_to_start_or_to_stop() -> None:
    indexing = Indexing(None, SETTINGS, FakeMachine(), lambda: 0, lambda: 0, asyncio.Event())
    async with open_test_supervisor() as supervisor, open_indexing(supervisor, indexing):
        status = await indexing.status()
        assert (status.state, status.deep_embedder, status.error) == (IDLE, None, None)
        with pytest.raises(Conflict, match="No deep embedder is set"):
            await indexing.start(now=True)
        with pytest.raises(Conflict, match="nothing to stop"):
            await indexing.stop(None)


async def test_a_deep_embedder_that_is_missing_is_failed_with_its_reason() -> None:
    indexing = Indexing(
        None, SETTINGS, FakeMachine(), lambda: 0, lambda: 0, asyncio.Event(), name="large", error="It is not there."
    )
    async with open_test_supervisor() as supervisor, open_indexing(supervisor, indexing):
        status = await indexing.status()
        assert (status.state, status.deep_embedder, status.error) == (FAILED, "large", "It is not there.")
        with pytest.raises(Conflict, match="It is not there"):
            await indexing.start(now=True)


async def test_it_begins_once_the_machine_has_been_idle_for_long_enough_and_ends_when_all_is_done() -> None:
    async with stage() as on:
        assert await on.state() is WAITING
        await on.pass_time(55)
        status = await on.indexing.status()
        assert (status.state, status.idle_seconds, on.embedder.asked) == (WAITING, 55, 0)
        await on.pass_time(5)
        assert await on.state() is RUNNING
        on.embedder.is_free = True
        on.embedder.let.release()
        await on.settle()
        status = await on.indexing.status()
        assert (status.state, status.pending_chunks, status.done_chunks) == (IDLE, 0, 40)
        assert on.embedder.asked == 3, "40 chunks in batches of 16"
        assert (status.done_documents, status.embedded_chunks) == (1, 40)
        assert on.indexing.latest == status
        assert on.told_states == [IDLE, WAITING, RUNNING, IDLE]


@pytest.mark.parametrize(
    "busy", [Load(None, 10.0), Load(10.0, 0.0), Load(55.0, 0.0)], ids=["processor", "GPU at the bound", "GPU"]
)
async def test_a_moment_of_use_begins_the_waiting_anew(busy: Load) -> None:
    async with stage() as on:
        await on.pass_time(55)
        on.machine.load = busy
        await on.pass_time(5)
        assert (await on.indexing.status()).idle_seconds == 0
        on.machine.load = Load(busy.gpu and 9.9, 9.9)
        await on.pass_time(55)
        assert await on.state() is WAITING
        await on.pass_time(5)
        assert await on.state() is RUNNING


async def test_with_a_gpu_only_the_gpu_counts() -> None:
    async with stage() as on:
        on.machine.load = Load(0.0, 90.0)
        await on.pass_time(60)
        status = await on.indexing.status()
        assert (status.state, status.gpu_utilization_percent) == (RUNNING, 0.0)


@pytest.mark.parametrize("what", ["answers", "documents"])
async def test_the_servers_own_work_goes_first(what: str) -> None:
    async with stage() as on:
        setattr(on.machine, what, 1)
        await on.pass_time(120)
        assert (await on.state(), on.embedder.asked) == (WAITING, 0)
        setattr(on.machine, what, 0)
        await on.pass_time(60)
        assert await on.state() is RUNNING


async def test_a_start_now_does_not_wait_for_an_idle_machine() -> None:
    async with stage() as on:
        on.machine.load, on.machine.documents = Load(None, 100.0), 3
        status = await on.indexing.start(now=True)
        assert status.state is RUNNING
        assert status.started_at is not None
        await on.pass_time(30)
        assert await on.state() is RUNNING, "it was asked for whatever the machine does"
        with pytest.raises(Conflict, match="RUNNING already"):
            await on.indexing.start(now=True)


async def test_a_prompt_ends_the_work_at_once_and_loses_no_more_than_the_batch_at_work() -> None:
    async with stage() as on:
        await on.indexing.start(now=True)
        on.embedder.let.release()
        for _ in range(2):
            await on.embedder.began.acquire()
        await on.begin_answer()
        assert (await on.state(), on.embedder.halts, on.embedder.lost) == (WAITING, 1, BATCH)
        assert len(on.vectors.stored) == BATCH
        assert STOPPING in on.told_states
        await on.pass_time(300)
        assert await on.state() is WAITING


async def test_it_goes_on_where_it_was_after_the_answer() -> None:
    async with stage() as on:
        await on.indexing.start(now=True)
        on.embedder.let.release()
        for _ in range(2):
            await on.embedder.began.acquire()
        await on.begin_answer()
        on.machine.answers, on.embedder.is_free = 0, True
        await on.pass_time(LOOK_SECONDS)
        status = await on.indexing.status()
        assert (status.state, status.done_chunks) == (IDLE, 40)
        assert on.embedder.asked == 2 + 2, "the stored batch was not embedded again"


async def test_after_a_prompt_an_idle_run_waits_for_idleness_from_the_beginning() -> None:
    async with stage() as on:
        await on.pass_time(60)
        await on.begin_answer()
        on.machine.answers = 0
        await on.pass_time(55)
        assert await on.state() is WAITING
        await on.pass_time(10)
        assert await on.state() is RUNNING


async def test_an_idle_run_gives_way_when_others_use_the_machine_again() -> None:
    async with stage() as on:
        await on.pass_time(60)
        on.machine.load = Load(None, 80.0)
        await on.pass_time(5)
        assert (await on.state(), on.embedder.halts) == (WAITING, 1)


async def test_a_stop_ends_the_work_and_holds_until_someone_starts_it_again() -> None:
    async with stage() as on:
        await on.indexing.start(now=True)
        await on.embedder.began.acquire()
        status = await on.indexing.stop("I need the machine")
        assert (status.state, on.embedder.halts) == (IDLE, 1)
        await on.pass_time(300)
        assert await on.state() is IDLE
        with pytest.raises(Conflict, match="nothing to stop"):
            await on.indexing.stop(None)
        assert (await on.indexing.start(now=False)).state is WAITING
        await on.pass_time(60)
        assert await on.state() is RUNNING


async def test_a_stop_while_it_waits_ends_the_waiting() -> None:
    async with stage() as on:
        assert (await on.indexing.stop(None)).state is IDLE
        await on.pass_time(120)
        assert (await on.state(), on.embedder.asked) == (IDLE, 0)


async def test_a_failure_is_told_and_tried_again_only_when_asked_for() -> None:
    async with stage() as on:
        on.embedder.failure = Unusable("The deep embedder 'deep' cannot be used: it is cut off.")
        await on.indexing.start(now=True)
        await on.settle()
        status = await on.indexing.status()
        assert status.state is FAILED
        assert status.error == "The deep embedder 'deep' cannot be used: it is cut off."
        await on.pass_time(120)
        assert await on.state() is FAILED
        on.embedder.failure, on.embedder.is_free = None, True
        status = await on.indexing.start(now=True)
        assert status.error is None
        await on.settle()
        assert (await on.indexing.status()).done_chunks == 40
        assert on.embedder.resets == 2


async def test_a_surprise_is_told_by_its_id_alone_and_the_owner_lives_on() -> None:
    async with stage() as on:
        on.embedder.failure = ZeroDivisionError("secret text of a document")
        await on.indexing.start(now=True)
        await on.settle()
        status = await on.indexing.status()
        assert status.state is FAILED
        assert status.error is not None
        assert "id " in status.error
        assert "secret" not in status.error
        on.embedder.failure, on.embedder.is_free = None, True
        await on.indexing.start(now=True)
        await on.settle()
        assert await on.state() is IDLE


async def test_new_documents_are_found_without_being_told_of_them() -> None:
    async with stage(chunks=0) as on:
        assert await on.state() is IDLE
        on.vectors.chunks = FakeDeepVectors(3).chunks
        await on.pass_time(30)
        assert await on.state() is WAITING
        on.embedder.is_free = True
        await on.pass_time(30)
        status = await on.indexing.status()
        assert (status.state, status.done_chunks) == (IDLE, 3)


async def test_a_start_where_nothing_is_left_to_do_stays_idle_and_promises_nothing_for_later() -> None:
    async with stage(chunks=0) as on:
        assert (await on.indexing.start(now=True)).state is IDLE
        on.vectors.chunks = FakeDeepVectors(3).chunks
        await on.pass_time(10)
        assert (await on.state(), on.embedder.asked) == (WAITING, 0)


async def test_vectors_of_a_former_embedder_are_erased_once_the_new_ones_are_complete() -> None:
    async with stage(former=2500) as on:
        await on.indexing.start(now=True)
        assert on.vectors.former == 2500
        on.embedder.is_free = True
        on.embedder.let.release()
        await on.settle()
        assert (await on.state(), on.vectors.former) == (IDLE, 0)


async def test_what_an_end_of_the_server_left_of_a_former_embedder_is_erased_later() -> None:
    async with stage(chunks=0, former=10) as on:
        assert on.vectors.former == 0


async def test_progress_is_told_at_most_once_a_second() -> None:
    async with stage(chunks=20 * BATCH) as on:
        await on.indexing.start(now=True)
        await on.settle()
        before = len(on.told)
        for _ in range(10):
            on.embedder.let.release()
            await on.settle()
        assert len(on.told) == before
        on.pace.time += 1.0
        on.embedder.let.release()
        await on.settle()
        assert [status.done_chunks for status in on.told[before:]] == [11 * BATCH]


async def test_what_fails_whenever_it_looks_is_looked_at_no_more_often() -> None:
    async with stage() as on:
        on.vectors.error = ZeroDivisionError()
        before = on.vectors.counted
        await on.pass_time(3 * LOOK_SECONDS)
        assert on.vectors.counted - before == 3
        on.vectors.error = None
        assert await on.state() is FAILED
        assert (await on.indexing.start(now=False)).state is WAITING
