"""Fault injection: one call in a sequence of calls fails, or a client leaves at one of its awaits."""

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import anyio
import anyio.lowlevel

from records.errors import ExpectedError

T = TypeVar("T")
Call = Callable[[], Awaitable[object]]
Leave = Callable[[Call, int], Awaitable[bool]]


class FailingCalls:
    """Raises an error in the n-th call (from 1) of the async methods of wrapped objects. Earlier and later ones work."""

    def __init__(self, fail_at: int, error: Exception) -> None:
        self._fail_at = fail_at
        self._error = error
        self.count = 0
        "Calls so far."

    @property
    def has_failed(self) -> bool:
        return self.count >= self._fail_at

    def wrap(self, target: T) -> T:
        """Return an object with the attributes and methods of `target`."""
        return cast(T, _Wrapped(target, self))

    def check(self) -> None:
        """Count a call. Raises the error if it is the one that fails."""
        self.count += 1
        if self.count == self._fail_at:
            raise self._error


class _Wrapped:
    def __init__(self, target: object, calls: FailingCalls) -> None:
        self._target = target
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._target, name)
        return self._failing(attribute) if inspect.iscoroutinefunction(attribute) else attribute

    def _failing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **options: Any) -> Any:
            self._calls.check()
            return await method(*arguments, **options)

        return call


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
