"""Workers that have to go at once, and workers that are there before their first call."""

import asyncio

import pytest

from records.system import WorkerState
from tests.workers import echo
from tests.workers.killing import is_alive, until
from tests.workers.test_calls import describe, spec
from workers import Worker, WorkerCrashed, WorkerGivenUp, open_worker


async def failing(worker: Worker) -> str:
    with pytest.raises(WorkerCrashed) as failure:
        await worker.call(echo.Sleep(deaf=True), echo.Text)
    return failure.value.reason


async def test_a_halt_ends_a_process_that_listens_to_nobody_and_the_next_call_has_another() -> None:
    async with open_worker(spec(idle_seconds=60.0)) as worker:
        pid = (await describe(worker)).pid
        async with asyncio.TaskGroup() as group:
            call = group.create_task(failing(worker))
            await asyncio.sleep(0.1)
            await worker.halt()
        assert call.result() == "was ended, since something else goes first"
        assert worker.pid is None
        assert not is_alive(pid)
        assert (await describe(worker)).pid != pid
        assert worker.restarts == 0


async def test_a_halt_where_nothing_runs_ends_nothing() -> None:
    async with open_worker(spec(idle_seconds=60.0)) as worker:
        await worker.halt()
        assert (worker.pid, worker.state) == (None, WorkerState.RUNNING)


async def test_a_halt_of_a_process_that_is_about_to_start_leaves_none_behind() -> None:
    async with open_worker(spec(idle_seconds=60.0)) as worker:
        worker.wake()
        await until(lambda: worker.state is WorkerState.STARTING)
        await worker.halt()
        assert (worker.pid, worker.is_ready) == (None, False)


async def test_a_woken_worker_is_ready_before_its_first_call() -> None:
    async with open_worker(spec(idle_seconds=60.0)) as worker:
        assert not worker.is_ready
        worker.wake()
        await until(lambda: worker.is_ready)
        assert (await describe(worker)).pid == worker.pid


async def test_a_woken_worker_that_is_not_called_ends_after_its_quiet_time_and_stays_away() -> None:
    async with open_worker(spec(idle_seconds=0.2)) as worker:
        worker.wake()
        await until(lambda: worker.is_ready)
        await until(lambda: worker.pid is None)
        assert worker.state is WorkerState.RUNNING


async def test_a_wake_does_not_start_what_was_given_up_before_it_has_rested() -> None:
    async with open_worker(spec(module="no.such.program", idle_seconds=60.0)) as worker:
        with pytest.raises(WorkerGivenUp):
            await describe(worker)
        crashes = worker.restarts
        worker.wake()
        await asyncio.sleep(0.3)
        assert (worker.state, worker.restarts) == (WorkerState.GIVEN_UP, crashes)
