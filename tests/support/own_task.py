"""Helper for fixtures: enters and leaves a context manager in one task, as anyio requires."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def in_own_task(manager: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave `manager` in a task of its own, for use in fixtures.

    pytest-asyncio sets a fixture up in one task and tears it down in another. A cancel scope, and with it every task
    group of anyio, must be left in the task that entered it.
    """
    opened: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    closing = asyncio.Event()

    async def own() -> None:
        async with manager as value:
            opened.set_result(value)
            await closing.wait()

    task = asyncio.ensure_future(own())
    task.add_done_callback(lambda _: opened.cancel())
    try:
        value = await opened
    except asyncio.CancelledError:
        closing.set()
        await task  # raises the exception of entering `manager`
        raise
    try:
        yield value
    finally:
        closing.set()
        await task
