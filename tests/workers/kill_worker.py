"""Kills a worker during a call and checks the guarantees of the harness; reused by the tests of the real workers."""

import os
import signal
from collections.abc import Awaitable, Callable

import anyio
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
    """Kill the process of `spec` during the call `busy`, which must raise `WorkerCrashed`. Then `works` must succeed.

    `busy` is a call that takes long enough to be interrupted; `works` checks its own result. `begun` waits until `busy`
    is being handled, if that takes longer than sending it.
    """
    async with open_worker(spec) as worker:
        await works(worker)
        killed_pid = worker.pid
        assert killed_pid is not None
        crashes: list[WorkerCrashed] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_record_crash, busy, worker, crashes)
            await (begun or _sent)(worker)
            assert not crashes, "the call ended before its process was killed: make it longer"
            os.kill(killed_pid, signal_number)
        (error,) = crashes
        assert error.code is ErrorCode.WORKER_CRASHED
        assert error.purpose is spec.purpose
        assert signal.Signals(signal_number).name in error.reason
        await works(worker)
        assert worker.pid not in (None, killed_pid)
        assert worker.restarts == 1
        assert not is_alive(killed_pid)


async def _record_crash(busy: Act, worker: Worker, crashes: list[WorkerCrashed]) -> None:
    with pytest.raises(WorkerCrashed) as caught:
        await busy(worker)
    crashes.append(caught.value)


async def _sent(_: Worker) -> None:
    await anyio.sleep(0.1)


def is_alive(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; the time limit of the test is the only limit."""
    while not condition():
        await anyio.sleep(0.01)
