"""A worker as the rest of the server sees it: one name to call, behind it a process that is kept alive.

One supervising task owns the process: starts it (at once, or with the first call), lets calls in when it is ready, and
when it ends says so to every call in flight, waits a little longer each time and starts it again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
import structlog

from records.system import WorkerPurpose, WorkerState, WorkerStatus
from workers.connection import Connection, Stream
from workers.errors import WorkerCrashed, WorkerGivenUp
from workers.output import places
from workers.restart import Breaker
from workers.run import Ending, Run
from workers.spawn import open_child
from workers.spec import WorkerSpec

T = TypeVar("T", bound=msgspec.Struct)
E = TypeVar("E")
R = TypeVar("R", bound=msgspec.Struct)

_STOPPED = Ending("was stopped", is_crash=False)
_RESTARTED = Ending("was restarted", is_crash=False)
_HALTED = Ending("was ended, since something else goes first", is_crash=False)

log = structlog.stdlib.get_logger("graphlore.workers")


class Worker:
    """Made by `open_worker`. `call` and `stream` wait while the process starts or backs off."""

    def __init__(self, spec: WorkerSpec, breaker: Breaker) -> None:
        self._spec = spec
        self._breaker = breaker
        self._run: Run | None = None
        self._waiting = 0
        self._is_wanted = False
        self._stopped = False
        self._is_over = False
        self._changed = asyncio.Event()
        self._state = self._resting_state
        self.restarts = 0
        "Crashes and hangs that a fresh process followed."
        self.last_crash: Ending | None = None

    @property
    def purpose(self) -> WorkerPurpose:
        return self._spec.purpose

    @property
    def state(self) -> WorkerState:
        """RUNNING without a `pid` is an on-demand worker that the next call starts."""
        return self._state

    @property
    def pid(self) -> int | None:
        return self._run.child.pid if self._run else None

    @property
    def is_ready(self) -> bool:
        """Whether a call would be taken by a running process at once."""
        return self._run is not None and self._run.takes_calls

    def status(self) -> WorkerStatus:
        return WorkerStatus(self.purpose, self.state, self.pid, self.restarts)

    async def call(self, request: msgspec.Struct, reply: type[T]) -> T:
        """One request, one reply. Canceling the awaiting task cancels the call in the child.

        Raises `WorkerCrashed`, `WorkerGivenUp`, `WorkerCallFailed`. How many calls may wait is for the caller to bound.
        """
        connection = await self._connected()
        return await connection.call(request, reply)

    @asynccontextmanager
    async def stream(self, request: msgspec.Struct, event: type[E], reply: type[R]) -> AsyncIterator[Stream[E, R]]:
        """`async with worker.stream(…) as stream: async for event in stream: …`, then `stream.reply`.

        Leaving the block early cancels the call in the child. A slow reader makes the child wait.
        """
        connection = await self._connected()
        async with connection.stream(request, event, reply) as stream:
            yield stream

    def reset(self) -> None:
        """Forget the crashes, so that a worker that was given up is tried again."""
        self._breaker.reset()
        self._notify()

    def restart(self) -> None:
        """End the process and start a fresh one; calls in flight fail with `WorkerCrashed`. It counts as no crash."""
        if self._run:
            self._run.finish(_RESTARTED)

    async def halt(self) -> None:
        """End the process now and wait until it is gone; the next call starts another. It counts as no crash.

        Calls in flight fail with `WorkerCrashed`. For workers on demand: others would be started again at once.
        """
        await self._until(lambda: self._run is not None or self._state is not WorkerState.STARTING)
        run = self._run
        if run is not None:
            run.finish(_HALTED)
            await self._until(lambda: self._run is not run)

    def wake(self) -> None:
        """Start a worker on demand before its first call, so that the call need not wait."""
        self._is_wanted = True
        self._notify()

    async def stop(self) -> None:
        """End the process for good and wait for that; all calls fail with `WorkerCrashed`."""
        self._stopped = True
        self._notify()
        if self._run:
            self._run.finish(_STOPPED)
        await self._until(lambda: self._is_over)

    async def _connected(self) -> Connection:
        """Wait for a process that takes calls; nothing may await between this and the begin of the call."""
        self._waiting += 1
        self._notify()
        try:
            while True:
                if self._stopped:
                    raise WorkerCrashed(self.purpose, _STOPPED.reason)
                if self._state is WorkerState.GIVEN_UP and self._breaker.is_open:
                    raise WorkerGivenUp(self.purpose, self.last_crash.reason if self.last_crash else "")
                if self._run and self._run.takes_calls:
                    return self._run.connection
                await self._changed.wait()
        finally:
            self._waiting -= 1

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._changed.wait()

    def _become(self, state: WorkerState) -> None:
        self._state = state
        self._notify()

    @property
    def _is_needed(self) -> bool:
        return self._is_wanted or self._waiting > 0 or self._spec.idle_seconds is None

    @property
    def _resting_state(self) -> WorkerState:
        return WorkerState.STARTING if self._spec.idle_seconds is None else WorkerState.RUNNING

    async def supervise(self) -> None:
        """Keep the process alive until `stop` or cancellation."""
        try:
            while not self._stopped:
                self._become(self._resting_state)
                await self._until(lambda: self._stopped or self._is_needed)
                self._is_wanted = False
                if not self._stopped and (await self._run_once()).is_crash:
                    await self._recover()
        finally:
            self._is_over = True
            self._notify()

    async def _run_once(self) -> Ending:
        self._become(WorkerState.STARTING)
        ending, tail = _STOPPED, ""
        try:
            async with open_child(self._spec) as child:
                self._run = Run(self._spec, child, self._breaker.reset)
                if self._stopped:
                    self._run.finish(_STOPPED)
                ending = await self._run.last(lambda: self._become(WorkerState.RUNNING))
                tail = child.output.tail()
        except OSError as error:
            ending = Ending("could not be started", is_crash=True, cause=error)
        finally:
            self._end_run(ending, tail)
        return ending

    def _end_run(self, ending: Ending, tail: str) -> None:
        if self._run:
            self._run.connection.break_off(lambda: WorkerCrashed(self.purpose, ending.reason, tail))
            self._run = None
        if ending.is_crash:
            self.last_crash = ending
            log.warning(
                "worker crashed", purpose=self.purpose.value, reason=ending.reason, cause=_describe(ending.cause),
                where=places(tail),
            )  # fmt: skip
        self._notify()

    async def _recover(self) -> None:
        """After a crash: wait a little, or where there were too many, until it has rested and someone calls."""
        self._breaker.crashed()
        self.restarts += 1
        if self._breaker.is_open:
            self._become(WorkerState.GIVEN_UP)
            await self._until(lambda: self._stopped or self._breaker.is_reset or self._may_try_again())
            return
        self._become(WorkerState.BACKING_OFF)
        try:
            async with asyncio.timeout(self._breaker.wait_seconds):
                await self._until(lambda: self._stopped)
        except TimeoutError:
            return

    def _may_try_again(self) -> bool:
        return (self._waiting > 0 or self._is_wanted) and not self._breaker.is_open


def _describe(cause: Exception | None) -> str | None:
    return None if cause is None else repr(cause)


@asynccontextmanager
async def open_worker(spec: WorkerSpec, breaker: Breaker | None = None) -> AsyncIterator[Worker]:
    """Own a worker for the length of the block; at its end the process is closed gracefully, within seconds."""
    worker = Worker(spec, breaker or Breaker())
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.supervise(), name=f"worker {spec.purpose.value}")
        try:
            yield worker
        except Exception as error:  # noqa: BLE001  # raised again below, so that the task group does not wrap it
            failure = error
        await worker.stop()
    if failure is not None:
        raise failure
