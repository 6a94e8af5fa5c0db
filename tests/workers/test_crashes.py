"""Crashes, restarts, the breaker, and ends."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from records.system import WorkerState
from tests.paths import ROOT
from tests.workers import echo
from tests.workers.killing import assert_survives_kill, is_alive, until
from tests.workers.test_calls import describe, spec
from workers import Caller, Worker, WorkerCrashed, WorkerGivenUp, open_worker
from workers.output import OutputRing
from workers.restart import Breaker


async def echoes(worker: Worker) -> None:
    assert (await worker.call(echo.Echo("still here"), echo.Text)).text == "still here"


async def sleeps(worker: Worker) -> None:
    await worker.call(echo.Sleep(), echo.Text)


async def streams(worker: Worker) -> None:
    async with worker.stream(echo.Count(10**9, 1000), echo.Numbered, echo.Text) as stream:
        async for _ in stream:
            pass


@pytest.mark.parametrize("busy", [sleeps, streams])
async def test_a_kill_in_the_middle_is_a_typed_error_and_the_next_call_works(busy: object) -> None:
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
async def test_each_way_to_end_is_told_apart_and_its_output_kept(how: str, reason: str) -> None:
    async with open_worker(spec()) as worker:
        with pytest.raises(WorkerCrashed) as caught:
            await worker.call(echo.Crash(how), echo.Text)
        assert reason in caught.value.reason
        assert f"about to {how}" in caught.value.output_tail
        assert f"about to {how}" not in caught.value.message
        await echoes(worker)


async def test_all_calls_in_flight_fail_with_the_crash() -> None:
    async with open_worker(spec()) as worker:
        await echoes(worker)
        calls = [worker.call(echo.Sleep(), echo.Text) for _ in range(5)]
        outcomes = await asyncio.gather(worker.call(echo.Crash("exit"), echo.Text), *calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [WorkerCrashed] * 6
        assert len({id(outcome) for outcome in outcomes}) == 6


async def test_a_child_that_gives_no_sign_of_life_is_killed() -> None:
    async with open_worker(spec(silence_limit=2.0)) as worker:
        with pytest.raises(WorkerCrashed, match="no sign of life"):
            await worker.call(echo.Crash("stop"), echo.Text)


async def test_three_crashes_in_a_row_give_the_worker_up_and_a_reset_tries_again(tmp_path: Path) -> None:
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


async def test_after_its_rest_the_next_call_is_let_through(tmp_path: Path) -> None:
    cured, now = tmp_path / "cured", [0.0]
    breaker = Breaker(clock=lambda: now[0])
    async with open_worker(spec(start=echo.Start(crash_unless=str(cured))), breaker) as worker:
        for _ in range(2):
            with pytest.raises(WorkerGivenUp):
                await echoes(worker)
            now[0] += 60.0
        assert worker.restarts == 4
        cured.touch()
        await echoes(worker)
        assert worker.state is WorkerState.RUNNING


async def test_a_call_that_works_in_between_keeps_the_worker_from_being_given_up() -> None:
    async with open_worker(spec()) as worker:
        for _ in range(4):
            with pytest.raises(WorkerCrashed):
                await worker.call(echo.Crash("exit"), echo.Text)
            await echoes(worker)


async def test_a_program_that_does_not_exist_is_given_up() -> None:
    async with open_worker(spec(module="tests.workers.nowhere")) as worker:
        with pytest.raises(WorkerGivenUp):
            await echoes(worker)


async def test_preparing_comes_before_every_first_call() -> None:
    greetings = []

    async def prepare(caller: Caller) -> None:
        greetings.append((await caller.call(echo.Describe(), echo.Described)).pid)

    async with open_worker(spec(prepare=prepare)) as worker:
        first = (await describe(worker)).pid
        with pytest.raises(WorkerCrashed):
            await worker.call(echo.Crash("kill"), echo.Text)
        second = (await describe(worker)).pid
    assert greetings == [first, second]


async def test_failing_to_prepare_is_a_crash_of_the_start() -> None:
    async def prepare(caller: Caller) -> None:
        await caller.call(echo.Fail(expected=True), echo.Text)

    async with open_worker(spec(prepare=prepare)) as worker:
        with pytest.raises(WorkerGivenUp, match="could not be made ready"):
            await echoes(worker)
        assert worker.last_crash is not None
        assert "TOO_ODD" in str(worker.last_crash.cause)


async def test_an_on_demand_worker_starts_with_a_call_and_ends_after_a_quiet_time() -> None:
    async with open_worker(spec(idle_seconds=0.2)) as worker:
        assert (worker.pid, worker.state) == (None, WorkerState.RUNNING)
        first = (await describe(worker)).pid
        await until(lambda: worker.pid is None)
        assert not is_alive(first)
        assert (await describe(worker)).pid != first
        assert worker.restarts == 0


async def test_an_on_demand_worker_does_not_end_in_the_middle_of_a_call() -> None:
    async with (
        open_worker(spec(idle_seconds=0.1)) as worker,
        worker.stream(echo.Count(10**9, 1000), echo.Numbered, echo.Text) as stream,
    ):
        await anext(stream)
        pid = worker.pid
        await asyncio.sleep(0.4)
        assert worker.pid == pid


async def test_a_worker_is_recycled_after_its_calls_and_no_call_notices() -> None:
    async with open_worker(spec(recycle_calls=3)) as worker:
        calls = await asyncio.gather(*(describe(worker) for _ in range(10)))
        assert len({call.pid for call in calls}) == 4
        assert worker.restarts == 0


async def test_stopping_ends_calls_and_refuses_new_ones() -> None:
    async with open_worker(spec()) as worker:
        pid = (await describe(worker)).pid
        async with asyncio.TaskGroup() as group:
            call = group.create_task(_crash_reason(worker))
            await asyncio.sleep(0.1)
            await worker.stop()
        assert call.result() == "was stopped"
        assert not is_alive(pid)
        with pytest.raises(WorkerCrashed):
            await echoes(worker)


async def _crash_reason(worker: Worker) -> str:
    with pytest.raises(WorkerCrashed) as caught:
        await sleeps(worker)
    return caught.value.reason


async def test_a_restart_gives_a_fresh_process() -> None:
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


async def test_ctrl_c_in_the_terminal_leaves_the_child_to_its_parent() -> None:
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
        await worker.call(echo.Sleep(deaf=True), echo.Text)

asyncio.run(main())
"""


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
async def test_no_child_outlives_a_parent_that_is_killed(signal_number: int) -> None:
    root = ROOT
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=root) as parent:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert is_alive(pid)
        parent.send_signal(signal_number)
        parent.wait()
        await until(lambda: not is_alive(pid))


def test_the_ring_keeps_the_end() -> None:
    ring = OutputRing(10)
    ring.write(b"0123456789")
    ring.write(b"abc")
    assert ring.tail() == "3456789abc"


def test_the_waits_double_to_five_seconds_and_an_answered_call_forgets_them() -> None:
    breaker = Breaker(clock=lambda: 0.0)
    waits = []
    for _ in range(8):
        breaker.crashed()
        waits.append(breaker.wait_seconds)
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    breaker.reset()
    assert (breaker.wait_seconds, breaker.is_open) == (0.0, False)


def test_the_breaker_opens_after_three_crashes_and_rests_for_a_minute() -> None:
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    opened = []
    for _ in range(3):
        breaker.crashed()
        opened.append(breaker.is_open)
    assert opened == [False, False, True]
    now[0] = 60.0
    assert not breaker.is_open
    breaker.crashed()
    assert breaker.is_open
