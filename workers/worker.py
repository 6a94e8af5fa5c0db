"""A worker: an object for calls to a child process, which is restarted when it ends.

One supervising task owns the process. It starts the process at once or with the first call, and accepts calls when the
process is ready. When the process ends, the task fails every call in flight, waits, and starts a new process.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import msgspec
import structlog

from concurrency import Signal, open_task_group
from records.system import WorkerPurpose, WorkerState, WorkerStatus
from workers.connection import CallStream, Connection
from workers.crash_output import error_locations
from workers.errors import WorkerCrashed, WorkerGivenUp
from workers.process_run import Ending, ProcessRun
from workers.restart import CircuitBreaker
from workers.spawn import open_child
from workers.spec import WorkerSpec

T = TypeVar("T", bound=msgspec.Struct)
E = TypeVar("E")
R = TypeVar("R", bound=msgspec.Struct)

_STOPPED = Ending("was stopped", is_crash=False)
_RESTARTED = Ending("was restarted", is_crash=False)
_HALTED = Ending("was ended because other work has priority", is_crash=False)

log = structlog.stdlib.get_logger("graphlore.workers")


class Worker:
    """A supervised child process. Created by `open_worker`.

    `call` and `stream` wait while the process starts, and during the delay after a crash.
    """

    def __init__(self, spec: WorkerSpec, breaker: CircuitBreaker) -> None:
        self._spec = spec
        self._breaker = breaker
        self._run: ProcessRun | None = None
        self._waiting_calls = 0
        self._wake_requested = False
        self._is_stopped = False
        self._is_over = False
        self._changed = Signal()
        self._state = self._resting_state
        self.restarts = 0
        "Number of crashes and hangs after which the process was or will be started again."
        self.last_crash: Ending | None = None

    @property
    def purpose(self) -> WorkerPurpose:
        return self._spec.purpose

    @property
    def state(self) -> WorkerState:
        """The state of the process. If the next call will start the process, the state is RUNNING and `pid` is None."""
        return self._state

    @property
    def pid(self) -> int | None:
        """The process id; None while no process runs."""
        return self._run.child.pid if self._run else None

    @property
    def is_ready(self) -> bool:
        """Return whether a running process accepts calls now."""
        return self._run is not None and self._run.accepts_calls

    def status(self) -> WorkerStatus:
        return WorkerStatus(self.purpose, self.state, self.pid, self.restarts)

    async def call(self, request: msgspec.Struct, reply: type[T]) -> T:
        """Send one request and return its reply. Canceling the caller cancels the call in the child.

        Raises `WorkerCrashed` if the process ends during the call, `WorkerGivenUp` if it has crashed too often, and
        `WorkerCallFailed` if the child reports a failure. The caller must limit the number of waiting calls.
        """
        connection = await self._wait_for_connection()
        return await connection.call(request, reply)

    @asynccontextmanager
    async def stream(self, request: msgspec.Struct, event: type[E], reply: type[R]) -> AsyncIterator[CallStream[E, R]]:
        """Send one request and stream its events: `async with worker.stream(…) as stream: async for event in stream: …`.

        `stream.reply` is available after the last event. Leaving the block early cancels the call in the child. A slow
        reader makes the child wait. Raises what `call` raises.
        """
        connection = await self._wait_for_connection()
        async with connection.stream(request, event, reply) as stream:
            yield stream

    def reset(self) -> None:
        """Set the number of crashes to 0, so that the process is started again after `WorkerGivenUp`."""
        self._breaker.reset()
        self._changed.pulse()

    def restart(self) -> None:
        """End the process and start a new one. Calls in flight raise `WorkerCrashed`. Not counted as a crash."""
        if self._run:
            self._run.finish(_RESTARTED)

    async def halt(self) -> None:
        """End the process now and wait until it is gone; the next call starts a new one. Not counted as a crash.

        Calls in flight raise `WorkerCrashed`. Use it only with `WorkerSpec.idle_seconds`: any other worker is started
        again at once.
        """
        await self._changed.wait_until(lambda: self._run is not None or self._state is not WorkerState.STARTING)
        run = self._run
        if run is not None:
            run.finish(_HALTED)
            await self._changed.wait_until(lambda: self._run is not run)

    def wake(self) -> None:
        """Start an on-demand worker before its first call, so that the call need not wait for the start."""
        self._wake_requested = True
        self._changed.pulse()

    async def stop(self) -> None:
        """End the process permanently and wait until it has ended. All calls raise `WorkerCrashed`."""
        self._is_stopped = True
        self._changed.pulse()
        if self._run:
            self._run.finish(_STOPPED)
        await self._changed.wait_until(lambda: self._is_over)

    async def _wait_for_connection(self) -> Connection:
        """Wait for a process that accepts calls, and return its connection.

        The caller must begin its call before its next `await`, because the process may end meanwhile.
        """
        self._waiting_calls += 1
        self._changed.pulse()
        try:
            while True:
                if self._is_stopped:
                    raise WorkerCrashed(self.purpose, _STOPPED.reason)
                if self._state is WorkerState.GIVEN_UP and self._breaker.is_open:
                    raise WorkerGivenUp(self.purpose, self.last_crash.reason if self.last_crash else "")
                if self._run and self._run.accepts_calls:
                    return self._run.connection
                await self._changed.wait()
        finally:
            self._waiting_calls -= 1

    def _set_state(self, state: WorkerState) -> None:
        self._state = state
        self._changed.pulse()

    @property
    def _is_needed(self) -> bool:
        return self._wake_requested or self._waiting_calls > 0 or self._spec.idle_seconds is None

    @property
    def _resting_state(self) -> WorkerState:
        return WorkerState.STARTING if self._spec.idle_seconds is None else WorkerState.RUNNING

    async def supervise(self) -> None:
        """Keep the process alive until `stop` or cancellation."""
        try:
            while not self._is_stopped:
                self._set_state(self._resting_state)
                await self._changed.wait_until(lambda: self._is_stopped or self._is_needed)
                self._wake_requested = False
                if not self._is_stopped and (await self._run_process()).is_crash:
                    await self._wait_after_crash()
        finally:
            self._is_over = True
            self._changed.pulse()

    async def _run_process(self) -> Ending:
        self._set_state(WorkerState.STARTING)
        ending, output = _STOPPED, ""
        try:
            async with open_child(self._spec) as child:
                self._run = ProcessRun(self._spec, child, self._breaker.reset)
                if self._is_stopped:
                    self._run.finish(_STOPPED)
                ending = await self._run.run(lambda: self._set_state(WorkerState.RUNNING))
                output = child.output.tail()
        except OSError as error:
            ending = Ending("could not be started", is_crash=True, cause=error)
        finally:
            self._end_run(ending, output)
        return ending

    def _end_run(self, ending: Ending, output: str) -> None:
        if self._run:
            self._run.connection.fail_all(lambda: WorkerCrashed(self.purpose, ending.reason, output))
            self._run = None
        if ending.is_crash:
            self.last_crash = ending
            log.warning(
                "worker crashed", purpose=self.purpose.value, reason=ending.reason,
                cause=None if ending.cause is None else repr(ending.cause), where=error_locations(output),
            )  # fmt: skip
        self._changed.pulse()

    async def _wait_after_crash(self) -> None:
        """Wait before the next start: for the restart delay, or after too many crashes until the breaker is closed.

        In the second case, wait also until a call needs the process.
        """
        self._breaker.record_crash()
        self.restarts += 1
        if self._breaker.is_open:
            self._set_state(WorkerState.GIVEN_UP)
            await self._changed.wait_until(
                lambda: self._is_stopped or self._breaker.is_reset or self._may_attempt_start()
            )
            return
        self._set_state(WorkerState.BACKING_OFF)
        with anyio.move_on_after(self._breaker.delay_seconds):
            await self._changed.wait_until(lambda: self._is_stopped)

    def _may_attempt_start(self) -> bool:
        return (self._waiting_calls > 0 or self._wake_requested) and not self._breaker.is_open


@asynccontextmanager
async def open_worker(spec: WorkerSpec, breaker: CircuitBreaker | None = None) -> AsyncIterator[Worker]:
    """Supervise a worker while the block is open; at its end the process is closed gracefully, within seconds.

    An unexpected error of the supervising task cancels the block and is raised from it.
    """
    worker = Worker(spec, breaker or CircuitBreaker())
    async with open_task_group() as tasks:
        tasks.start_soon(worker.supervise, name=f"worker {spec.purpose.value}")
        try:
            yield worker
        finally:
            with anyio.CancelScope(shield=True):
                await worker.stop()
