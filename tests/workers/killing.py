"""Kill any worker in the middle of any call, and hold what the harness promises against it."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import psutil
import pytest

from records.codes import ErrorCode
from workers import Worker, WorkerCrashed, WorkerSpec, open_worker

Act = Callable[[Worker], Awaitable[object]]


async def assert_survives_kill(
    spec: WorkerSpec,
    busy: Act,
    works: Act,
    *,
    begun: Callable[[Worker], Awaitable[None]] | None = None,
    signal_number: int = signal.SIGKILL,
) -> None:
    """Kill the process of `spec` while `busy` is at work: it must get `WorkerCrashed`, and `works` must work afterwards.

    `busy` is a call that is long enough to be met in its middle, `works` asserts what it gets. `begun` waits until
    `busy` is really under way, where having sent it is not enough.
    """
    async with open_worker(spec) as worker:
        await works(worker)
        killed_pid = worker.pid
        assert killed_pid is not None
        async with asyncio.TaskGroup() as group:
            crash = group.create_task(_crash_of(busy, worker))
            await (begun or _sent)(worker)
            assert not crash.done(), "the call ended before its process was killed: make it longer"
            os.kill(killed_pid, signal_number)
        error = crash.result()
        assert error.code is ErrorCode.WORKER_CRASHED
        assert error.purpose is spec.purpose
        assert signal.Signals(signal_number).name in error.reason
        await works(worker)
        assert worker.pid not in (None, killed_pid)
        assert worker.restarts == 1
        assert not is_alive(killed_pid)


async def _crash_of(busy: Act, worker: Worker) -> WorkerCrashed:
    with pytest.raises(WorkerCrashed) as caught:
        await busy(worker)
    return caught.value


async def _sent(_: Worker) -> None:
    await asyncio.sleep(0.1)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; the test's own time limit is the only one."""
    while not condition():
        await asyncio.sleep(0.01)
