"""Supervision of the background loops: a loop that ends unexpectedly ends the process with an error."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import structlog
from anyio.abc import TaskGroup

from concurrency.task_group import open_task_group

log = structlog.get_logger("graphlore.supervisor")


class Supervisor:
    """Runs the background loops of the server and records which of them are alive. Created by `open_supervisor`."""

    def __init__(self, tasks: TaskGroup, on_failure: Callable[[], None]) -> None:
        self._tasks = tasks
        self._on_failure = on_failure
        self._alive: list[str] = []
        self._failed: list[str] = []

    @property
    def alive(self) -> tuple[str, ...]:
        """Names of the running loops."""
        return tuple(self._alive)

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the loops that ended unexpectedly; empty while the server is healthy."""
        return tuple(self._failed)

    @asynccontextmanager
    async def running(self, name: str, loop: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Run `loop` while the block is open; cancel it and wait for its end when the block is left.

        A loop that returns or raises while the block is open is logged, listed in `failed` and reported to `on_failure`,
        which stops the process. The block itself is not interrupted, so that the components are closed in order.
        """
        scope, ended = anyio.CancelScope(), anyio.Event()
        self._alive.append(name)
        self._tasks.start_soon(self._watch, name, loop, scope, ended)
        try:
            yield
        finally:
            scope.cancel()
            with anyio.CancelScope(shield=True):
                await ended.wait()

    async def _watch(
        self, name: str, loop: Callable[[], Awaitable[None]], scope: anyio.CancelScope, ended: anyio.Event
    ) -> None:
        try:
            with scope:
                await loop()
            if not scope.cancel_called:
                self._fail(name, None)
        except Exception as error:  # noqa: BLE001  # boundary: the process is stopped, whatever ended the loop
            self._fail(name, error)
        finally:
            self._alive.remove(name)
            ended.set()

    def _fail(self, name: str, error: Exception | None) -> None:
        log.critical("background loop ended unexpectedly; the server stops", loop=name, exc_info=error)
        self._failed.append(name)
        self._on_failure()


@asynccontextmanager
async def open_supervisor(on_failure: Callable[[], None]) -> AsyncIterator[Supervisor]:
    """Supervise background loops until the `async with` block ends.

    `on_failure` is called when a loop returns or raises unexpectedly. It should ask the process to stop, and must return
    at once.
    """
    async with open_task_group() as tasks:
        yield Supervisor(tasks, on_failure)
