"""Crashes, restarts, the circuit breaker, and the end of workers."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from records.system import WorkerState
from tests.paths import ROOT
from tests.workers import echo
from tests.workers.kill_worker import assert_survives_kill, is_alive, until
from tests.workers.test_calls import describe, spec
from workers import Caller, Worker, WorkerCrashed, WorkerGivenUp, open_worker
from workers.crash_output import OutputRing
from workers.restart import CircuitBreaker


async def echoes(worker: Worker) -> None:
    assert (await worker.call(echo.Echo("still here"), echo.Text)).text == "still here"


async def sleeps(worker: Worker) -> None:
    await worker.call(echo.Sleep(), echo.Text)


async def streams(worker: Worker) -> None:
    async with worker.stream(echo.Count(10**9, 1000), echo.Numbered, echo.Text) as stream:
        async for _ in stream:
            pass


@pytest.mark.parametrize("busy", [sleeps, streams])
async def test_a_kill_during_a_call_is_a_typed_error_and_the_next_call_succeeds(busy: object) -> None:
    await assert_survives_kill(spec(), busy, echoes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("exit", "exit status 3"),
        ("abort", "SIGABRT"),
        ("segfault", "SIGSEGV"),
        ("kill", "SIGKILL"),
    ],
)
async def test_each_kind_of_end_has_its_own_reason_and_keeps_the_output(how: str, reason: str) -> None:
    async with open_worker(spec()) as worker:
        with pytest.raises(WorkerCrashed) as caught:
            await worker.call(echo.Crash(how), echo.Text)
        assert reason in caught.value.reason
        assert f"about to {how}" in caught.value.output_tail
        assert f"about to {how}" not in caught.value.message
        await echoes(worker)


async def test_each_call_in_flight_raises_an_exception_of_its_own() -> None:
    async with open_worker(spec()) as worker:
        await echoes(worker)
        calls = [worker.call(echo.Sleep(), echo.Text) for _ in range(5)]
        outcomes = await asyncio.gather(worker.call(echo.Crash("exit"), echo.Text), *calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [WorkerCrashed] * 6
        assert len({id(outcome) for outcome in outcomes}) == 6


async def test_a_child_that_does_not_respond_is_killed() -> None:
    async with open_worker(spec(silence_limit=2.0)) as worker:
        with pytest.raises(WorkerCrashed, match="did not respond for 2 seconds"):
            await worker.call(echo.Crash("stop"), echo.Text)


async def test_a_worker_is_given_up_after_three_crashes_in_a_row_and_started_again_by_a_reset(tmp_path: Path) -> None:
    cured = tmp_path / "cured"
    async with open_worker(spec(start=echo.Start(crash_unless=str(cured)))) as worker:
        with pytest.raises(WorkerGivenUp) as caught:
            await echoes(worker)
        assert caught.value.reason == "ended with exit status 1"
        assert worker.status().state is WorkerState.GIVEN_UP
        assert worker.restarts == 3
        with pytest.raises(WorkerGivenUp):
            await echoes(worker)
        cured.touch()
        worker.reset()
        await echoes(worker)
        assert worker.status().state is WorkerState.RUNNING


async def test_the_first_call_after_the_breaker_has_closed_starts_the_process(tmp_path: Path) -> None:
    cured, now = tmp_path / "cured", [0.0]
    breaker = CircuitBreaker(clock=lambda: now[0])
    async with open_worker(spec(start=echo.Start(crash_unless=str(cured))), breaker) as worker:
        for _ in range(2):
            with pytest.raises(WorkerGivenUp):
                await echoes(worker)
            now[0] += 60.0
        assert worker.restarts == 4
        cured.touch()
        await echoes(worker)
        assert worker.state is WorkerState.RUNNING


async def test_an_answered_call_between_crashes_prevents_that_the_worker_is_given_up() -> None:
    async with open_worker(spec()) as worker:
        for _ in range(4):
            with pytest.raises(WorkerCrashed):
                await worker.call(echo.Crash("exit"), echo.Text)
            await echoes(worker)


async def test_a_program_that_does_not_exist_is_given_up() -> None:
    async with open_worker(spec(module="tests.workers.nowhere")) as worker:
        with pytest.raises(WorkerGivenUp):
            await echoes(worker)


async def test_every_new_process_is_prepared_before_its_first_call() -> None:
    greetings = []

    async def prepare(caller: Caller) -> None:
        greetings.append((await caller.call(echo.Describe(), echo.Described)).pid)

    async with open_worker(spec(prepare=prepare)) as worker:
        first = (await describe(worker)).pid
        with pytest.raises(WorkerCrashed):
            await worker.call(echo.Crash("kill"), echo.Text)
        second = (await describe(worker)).pid
    assert greetings == [first, second]


async def test_a_failing_preparation_counts_as_a_crash() -> None:
    async def prepare(caller: Caller) -> None:
        await caller.call(echo.Fail(expected=True), echo.Text)

    async with open_worker(spec(prepare=prepare)) as worker:
        with pytest.raises(WorkerGivenUp, match="could not be prepared"):
            await echoes(worker)
        assert worker.last_crash is not None
        assert "TOO_ODD" in str(worker.last_crash.cause)


async def test_an_on_demand_worker_starts_with_a_call_and_ends_after_its_idle_time() -> None:
    async with open_worker(spec(idle_seconds=0.2)) as worker:
        assert (worker.pid, worker.state) == (None, WorkerState.RUNNING)
        first = (await describe(worker)).pid
        await until(lambda: worker.pid is None)
        assert not is_alive(first)
        assert (await describe(worker)).pid != first
        assert worker.restarts == 0


async def test_an_on_demand_worker_does_not_end_during_a_call() -> None:
    async with (
        open_worker(spec(idle_seconds=0.1)) as worker,
        worker.stream(echo.Count(10**9, 1000), echo.Numbered, echo.Text) as stream,
    ):
        await anext(stream)
        pid = worker.pid
        await anyio.sleep(0.4)
        assert worker.pid == pid


async def test_a_worker_is_recycled_after_its_number_of_calls_without_a_failed_call() -> None:
    async with open_worker(spec(recycle_calls=3)) as worker:
        calls = await asyncio.gather(*(describe(worker) for _ in range(10)))
        assert len({call.pid for call in calls}) == 4
        assert worker.restarts == 0


async def test_stopping_fails_running_calls_and_later_ones() -> None:
    async with open_worker(spec()) as worker:
        pid = (await describe(worker)).pid
        async with asyncio.TaskGroup() as group:
            call = group.create_task(_crash_reason(worker))
            await anyio.sleep(0.1)
            await worker.stop()
        assert call.result() == "was stopped"
        assert not is_alive(pid)
        with pytest.raises(WorkerCrashed):
            await echoes(worker)


async def _crash_reason(worker: Worker) -> str:
    with pytest.raises(WorkerCrashed) as caught:
        await sleeps(worker)
    return caught.value.reason


async def test_a_restart_replaces_the_process() -> None:
    async with open_worker(spec()) as worker:
        pid = (await describe(worker)).pid
        worker.restart()
        assert (await describe(worker)).pid != pid
        assert worker.restarts == 0


async def test_a_canceled_block_leaves_no_process() -> None:
    pids: list[int] = []

    async def own() -> None:
        async with open_worker(spec()) as worker:
            pids.append((await describe(worker)).pid)
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        owner = group.create_task(own())
        await until(lambda: bool(pids))
        owner.cancel()
    assert owner.cancelled()
    assert not is_alive(pids[0])


async def test_a_child_ignores_ctrl_c() -> None:
    async with open_worker(spec()) as worker:
        pid = (await describe(worker)).pid
        os.kill(pid, signal.SIGINT)
        assert (await describe(worker)).pid == pid


PARENT = """
import asyncio, sys
from tests.workers import echo
from tests.workers.test_calls import spec
from workers import open_worker

async def main():
    async with open_worker(spec()) as worker:
        print((await worker.call(echo.Describe(), echo.Described)).pid, flush=True)
        await worker.call(echo.Sleep(ignores_cancellation=True), echo.Text)

asyncio.run(main())
"""


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
async def test_no_child_outlives_a_killed_parent(signal_number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(await anyio.to_thread.run_sync(parent.stdout.readline))
        assert is_alive(pid)
        parent.send_signal(signal_number)
        parent.wait()
        await until(lambda: not is_alive(pid))


def test_the_ring_keeps_the_last_bytes() -> None:
    ring = OutputRing(10)
    ring.write(b"0123456789")
    ring.write(b"abc")
    assert ring.tail() == "3456789abc"


def test_the_delays_double_up_to_five_seconds_and_an_answered_call_resets_them() -> None:
    breaker = CircuitBreaker(clock=lambda: 0.0)
    delays = []
    for _ in range(8):
        breaker.record_crash()
        delays.append(breaker.delay_seconds)
    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    breaker.reset()
    assert (breaker.delay_seconds, breaker.is_open) == (0.0, False)


def test_the_breaker_opens_for_a_minute_after_three_crashes() -> None:
    now = [0.0]
    breaker = CircuitBreaker(clock=lambda: now[0])
    opened = []
    for _ in range(3):
        breaker.record_crash()
        opened.append(breaker.is_open)
    assert opened == [False, False, True]
    now[0] = 60.0
    assert not breaker.is_open
    breaker.record_crash()
    assert breaker.is_open
