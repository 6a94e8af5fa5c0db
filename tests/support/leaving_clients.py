"""Clients that leave while their request runs: the caller is canceled at each of its awaits in turn."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

from records.errors import ExpectedError

Call = Callable[[], Awaitable[object]]
Leave = Callable[[Call, int], Awaitable[bool]]


async def leave_by_task_cancel(call: Call, steps: int) -> bool:
    """Cancel the caller with `Task.cancel` after some steps of the event loop; return whether it had finished before."""

    async def request() -> None:
        await call()

    task = asyncio.ensure_future(request())
    for _ in range(steps):
        await asyncio.sleep(0)
    is_done = task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return is_done


async def leave_by_cancel_scope(call: Call, steps: int) -> bool:
    """Cancel the caller through a cancel scope of anyio; otherwise like `leave_by_task_cancel`."""
    is_done = False

    async def request() -> None:
        nonlocal is_done
        with contextlib.suppress(ExpectedError):
            await call()
        is_done = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(request)
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        finished_before = is_done
        tasks.cancel_scope.cancel()
    return finished_before
