"""Workers that are ended on request, and workers that are started before their first call."""

import anyio
import pytest

from records.system import WorkerState
from tests.workers import echo
from tests.workers.kill_worker import is_alive, until
from tests.workers.test_calls import describe, spec
from workers import Worker, WorkerCrashed, WorkerGivenUp, open_worker


async def record_failure(worker: Worker, reasons: list[str]) -> None:
    with pytest.raises(WorkerCrashed) as failure:
        await worker.call(echo.Sleep(ignores_cancellation=True), echo.Text)
    reasons.append(failure.value.reason)


async def test_a_halt_ends_a_process_that_ignores_cancellation_and_the_next_call_starts_another() -> None:
    async with open_worker(spec(idle_seconds=60.0)) as worker:
        pid = (await describe(worker)).pid
        reasons: list[str] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(record_failure, worker, reasons)
            await anyio.sleep(0.1)
            await worker.halt()
        assert reasons == ["was ended because other work has priority"]
        assert worker.pid is None
        assert not is_alive(pid)
        assert (await describe(worker)).pid != pid
        assert worker.restarts == 0


async def test_a_halt_without_a_running_process_does_nothing() -> None:
    async with open_worker(spec(idle_seconds=60.0)) as worker:
        await worker.halt()
        assert (worker.pid, worker.state) == (None, WorkerState.RUNNING)


async def test_a_halt_of_a_starting_process_leaves_no_process() -> None:
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


async def test_a_woken_worker_without_calls_ends_after_its_idle_time_and_is_not_restarted() -> None:
    async with open_worker(spec(idle_seconds=0.2)) as worker:
        worker.wake()
        await until(lambda: worker.is_ready)
        await until(lambda: worker.pid is None)
        assert worker.state is WorkerState.RUNNING


async def test_a_wake_does_not_start_a_worker_that_was_given_up_before_its_breaker_closes() -> None:
    async with open_worker(spec(module="no.such.program", idle_seconds=60.0)) as worker:
        with pytest.raises(WorkerGivenUp):
            await describe(worker)
        crashes = worker.restarts
        worker.wake()
        await anyio.sleep(0.3)
        assert (worker.state, worker.restarts) == (WorkerState.GIVEN_UP, crashes)
