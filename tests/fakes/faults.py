"""Fault injection: calls of stores that fail, and callers that are canceled at a chosen step.

A caller can be canceled in two ways: natively, by `Task.cancel`, or through a cancel scope of anyio. `…_at` cancels it
when it waits for the n-th time, `…_after` after n iterations of the event loop.
"""

import asyncio
import errno
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from typing import Any, Generic, TypeVar

import anyio
import anyio.lowlevel

from records.errors import DiskFull, ExpectedError

T = TypeVar("T")
Call = Callable[[], Awaitable[object]]
CancelAfter = Callable[[Call, int], Awaitable[bool]]


class Fault(Enum):
    """A way in which a call of a store fails."""

    DISK_FULL = auto()
    "The call raises `DiskFull` and does nothing."
    INPUT_OUTPUT_ERROR = auto()
    "The call raises an unexpected `OSError` and does nothing."
    LOST_ACKNOWLEDGEMENT = auto()
    "The call succeeds, and then raises an unexpected `OSError`."


class Faults:
    """Counts the calls of wrapped stores from 0 and makes chosen ones fail."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        "The names of all calls so far."
        self._planned: dict[int, Fault | Exception] = {}
        self._next: dict[str, Fault] = {}
        self._is_full: Callable[[str], bool] = lambda name: False

    def fail_call(self, number: int, fault: Fault | Exception) -> None:
        """Make the call with this number fail once, or raise this exception. The next call has the number 0."""
        self._planned[len(self.calls) + number] = fault

    def fail_next(self, name: str, fault: Fault) -> None:
        """Make the next call of this method fail once."""
        self._next[name] = fault

    @property
    def are_injected(self) -> bool:
        """True if every planned failure has happened."""
        return not self._planned and not self._next

    def clear(self) -> None:
        """Forget planned failures of calls that were not made."""
        self._planned.clear()
        self._next.clear()

    @contextmanager
    def full_disk(self, *only: str, after: int = 0) -> Generator[None, None, None]:
        """Make calls raise `DiskFull` while the block is open: those of these methods, or all that write.

        The first `after` calls still succeed.
        """
        start = len(self.calls) + after

        def is_full(name: str) -> bool:
            is_write = name in only if only else name.split(".")[1] not in READS
            return is_write and len(self.calls) > start

        self._is_full = is_full
        try:
            yield
        finally:
            self._is_full = lambda name: False

    def wrap(self, store: T) -> T:
        """Return a store whose asynchronous methods count and fail."""
        proxy: Any = _FaultyStore(store, self)
        result: T = proxy
        return result

    def next_fault(self, name: str) -> Fault | Exception | None:
        """Count a call and return its fault, if any."""
        number = len(self.calls)
        self.calls.append(name)
        planned = self._planned.pop(number, None) or self._next.pop(name, None)
        return planned or (Fault.DISK_FULL if self._is_full(name) else None)


READS = frozenset({
    "get", "find", "find_many", "find_exchange", "find_unfinished", "require", "page", "count", "history", "text",
    "document_ids", "with_status", "waiting", "original_in_use", "original_awaited",
    "unembedded", "outdated", "outline", "resolve_scope",
    "embed_documents", "embed_prompt", "remove", "discard", "drain",
})  # fmt: skip
"""Methods of stores that work on a full disk."""


class _FaultyStore:
    def __init__(self, store: Any, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if not inspect.iscoroutinefunction(attribute):
            return attribute

        async def call(*arguments: Any, **keywords: Any) -> Any:
            fault = self._faults.next_fault(f"{type(self._store).__name__}.{name}")
            if isinstance(fault, Exception):
                raise fault
            if fault is Fault.DISK_FULL:
                raise DiskFull
            if fault is Fault.INPUT_OUTPUT_ERROR:
                raise OSError(errno.EIO, "injected")
            result = await attribute(*arguments, **keywords)
            if fault is Fault.LOST_ACKNOWLEDGEMENT:
                raise OSError(errno.EIO, "injected after the call")
            return result

        return call


class _Stepped(Generic[T]):
    """Runs a coroutine in the current task and calls `interrupt` when it waits for the n-th time, counted from 1."""

    def __init__(self, work: Coroutine[Any, Any, T], step: int, interrupt: Callable[[], object]) -> None:
        self._work = work
        self._step = step
        self._interrupt = interrupt
        self.steps = 0

    def __await__(self) -> Generator[Any, Any, T]:
        inner = self._work.__await__()
        thrown: BaseException | None = None
        while True:
            try:
                waited_for = inner.send(None) if thrown is None else inner.throw(thrown)
            except StopIteration as stop:
                result: T = stop.value
                return result
            thrown = None
            self.steps += 1
            if self.steps == self._step:
                self._interrupt()
            try:
                yield waited_for
            except BaseException as error:  # noqa: BLE001  # handed to the work, as the event loop does
                thrown = error


async def cancel_natively_at(work: Coroutine[Any, Any, T], step: int) -> tuple[bool, T | None]:
    """Run `work` in a task that `Task.cancel` cancels when it waits for the n-th time.

    Returns whether the work reached that step, and its result if it had one nevertheless.
    """
    stepped: list[_Stepped[T]] = []

    async def run() -> T:
        task = asyncio.current_task()
        assert task is not None
        stepped.append(_Stepped(work, step, task.cancel))
        return await stepped[0]

    task = asyncio.ensure_future(run())
    await asyncio.wait([task])
    reached = stepped[0].steps >= step
    if task.cancelled():
        return reached, None
    return reached, task.result()


async def cancel_by_scope_at(work: Coroutine[Any, Any, T], step: int) -> tuple[bool, T | None]:
    """Run `work` in an anyio scope that is canceled when it waits for the n-th time; see `cancel_natively_at`."""
    result: T | None = None
    with anyio.CancelScope() as scope:
        stepped = _Stepped(work, step, scope.cancel)
        result = await stepped
    return stepped.steps >= step, result


async def cancel_natively_after(call: Call, iterations: int) -> bool:
    """Cancel a call with `Task.cancel` after some iterations of the event loop; return False if it had ended before."""

    async def run() -> None:
        with suppress(ExpectedError):
            await call()

    task = asyncio.ensure_future(run())
    for _ in range(iterations):
        await anyio.lowlevel.checkpoint()
    was_running = not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return was_running


async def cancel_by_scope_after(call: Call, iterations: int) -> bool:
    """Cancel a call through a cancel scope; otherwise like `cancel_natively_after`."""
    is_done = False

    async def run() -> None:
        nonlocal is_done
        with suppress(ExpectedError):
            await call()
        is_done = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        for _ in range(iterations):
            await anyio.lowlevel.checkpoint()
        was_running = not is_done
        tasks.cancel_scope.cancel()
    return was_running
