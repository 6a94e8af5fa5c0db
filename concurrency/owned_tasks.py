"""Tasks that belong to a component of the server and not to the request that starts them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio
import structlog
from anyio.abc import TaskGroup

from concurrency.error_boundary import run_unit
from concurrency.supervisor import Supervisor
from records.errors import ExpectedError, ServerStopping

T = TypeVar("T")

log = structlog.get_logger("graphlore.background")


@dataclass(slots=True)
class _Outcome(Generic[T]):
    """The result of the work that `OwnedTasks.complete` runs, for the caller that waits for it."""

    name: str
    ended: anyio.Event = field(default_factory=anyio.Event)
    values: list[T] = field(default_factory=list)
    "The value that the work returned, as the only element; empty while the work runs, and if it failed."
    error: Exception | None = None
    is_awaited: bool = True

    async def settle(self, work: Callable[[], Awaitable[T]]) -> None:
        try:
            self.values.append(await work())
        except ExpectedError as failure:
            self.error = failure
            if not self.is_awaited:
                log.warning("work failed after its request had ended", work=self.name, code=failure.code.value)
        except Exception as error:
            self.error = error
            if not self.is_awaited:
                raise
        finally:
            self.ended.set()


class OwnedTasks:
    """A task group that belongs to a component. Created by `open_owned_tasks`."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks

    def start(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Start `work` in the background. An unexpected exception is logged with an incident id."""
        self._tasks.start_soon(run_unit, work, name)

    async def complete(self, work: Callable[[], Awaitable[T]], name: str) -> T:
        """Run `work` to its end, even if the caller is canceled, and return its result.

        Raises what `work` raises. If the caller was canceled, a failure of `work` is logged instead. Raises `ServerStopping`
        if the component is closed before the work has ended.
        """
        outcome = _Outcome[T](name)
        self.start(lambda: outcome.settle(work), name)
        try:
            await outcome.ended.wait()
        except anyio.get_cancelled_exc_class():
            outcome.is_awaited = False
            raise
        if outcome.error is not None:
            raise outcome.error
        if not outcome.values:
            raise ServerStopping
        return outcome.values[0]


@asynccontextmanager
async def open_owned_tasks(supervisor: Supervisor, name: str) -> AsyncIterator[OwnedTasks]:
    """Open a supervised task group; its tasks are canceled when the block ends."""
    opened = anyio.Event()
    groups: list[TaskGroup] = []

    async def run_tasks() -> None:
        async with anyio.create_task_group() as tasks:
            groups.append(tasks)
            opened.set()
            await anyio.sleep_forever()

    async with supervisor.running(name, run_tasks):
        await opened.wait()
        yield OwnedTasks(groups[0])
