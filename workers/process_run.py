"""One run of a worker's process, from its start to its end, with a heartbeat that detects a hang."""

from collections.abc import Callable
from dataclasses import dataclass

import anyio

from concurrency import open_task_group
from workers import frames
from workers.connection import Connection
from workers.spawn import ChildProcess
from workers.spec import WorkerSpec

_MAX_PING_INTERVAL = 5.0
_OUTPUT_GRACE = 1.0


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a run. `reason` completes the sentence "The process …", such as `was stopped`."""

    reason: str
    is_crash: bool
    cause: Exception | None = None


class ProcessRun:
    """Owns the connection to a running child process, from its start to its end.

    `on_answered` is called whenever the child has ended a call, except for the calls of `WorkerSpec.prepare`.
    """

    def __init__(self, spec: WorkerSpec, child: ChildProcess, on_answered: Callable[[], None]) -> None:
        self._spec = spec
        self.child = child
        self.connection = Connection(child.channel, self._record_answer)
        self._on_answered = on_answered
        self._ended, self._output_read = anyio.Event(), anyio.Event()
        self._ending: Ending | None = None
        self._preparing_calls: int | None = None
        "Number of calls that `prepare` made; None until calls are accepted."

    @property
    def accepts_calls(self) -> bool:
        return self._preparing_calls is not None and self._ending is None and not self._is_used_up

    @property
    def _is_used_up(self) -> bool:
        limit = self._spec.recycle_calls
        return limit is not None and self.connection.calls_begun - (self._preparing_calls or 0) >= limit

    def finish(self, ending: Ending) -> None:
        """End this run. If it is called several times, the first `ending` is the result of `run`."""
        if self._ending is None:
            self._ending = ending
            self._ended.set()

    async def run(self, on_ready: Callable[[], None]) -> Ending:
        """Run until the process ends or `finish` is called, and return the reason.

        `on_ready` is called when the child is ready and prepared, so that calls may begin.
        """
        async with open_task_group() as tasks:
            tasks.start_soon(self._read_output)
            tasks.start_soon(self._read)
            tasks.start_soon(self._send_pings)
            tasks.start_soon(self._accept_calls, on_ready)
            await self._ended.wait()
            await self.child.end()
            with anyio.move_on_after(_OUTPUT_GRACE):
                await self._output_read.wait()
        assert self._ending is not None
        return self._ending if self._ending.reason else Ending(self.child.describe_end(), is_crash=True)

    async def _read_output(self) -> None:
        await self.child.read_output()
        self._output_read.set()

    async def _read(self) -> None:
        await self.connection.read()
        self.finish(Ending("", is_crash=True))

    async def _accept_calls(self, on_ready: Callable[[], None]) -> None:
        await self.connection.ready.wait()
        if self._spec.prepare is not None:
            try:
                await self._spec.prepare(self.connection)
            except Exception as error:  # noqa: BLE001  # `prepare` is the owner's code: whatever it raises fails the start
                self.finish(Ending("could not be prepared", is_crash=True, cause=error))
                return
        self._preparing_calls = self.connection.calls_begun
        self.connection.restart_idle_time()
        on_ready()
        if self._spec.idle_seconds is not None:
            await self._end_when_idle(self._spec.idle_seconds)

    async def _end_when_idle(self, idle_seconds: float) -> None:
        while (left := idle_seconds - self.connection.idle_seconds) > 0:  # noqa: ASYNC110  # every call moves the end
            await anyio.sleep(left)
        self.finish(Ending("was idle", is_crash=False))

    async def _send_pings(self) -> None:
        """Ping the child; kill it if it sends no frame for `silence_limit` seconds.

        The time is counted in completed intervals, so that a blocked event loop of the parent does not count as a hang of
        the child.
        """
        limit = self._spec.silence_limit
        interval = min(
            _MAX_PING_INTERVAL, limit / 4, *([self._spec.cancel_limit / 4] if self._spec.cancel_limit else [])
        )
        silent = 0.0
        while silent < limit:
            self.connection.received_since_ping = False
            self.connection.send(frames.Ping())
            await anyio.sleep(interval)
            silent = 0.0 if self.connection.received_since_ping else silent + interval
            if self._spec.cancel_limit and self.connection.has_overdue_cancellation(self._spec.cancel_limit):
                self._kill(Ending("was ended because it did not stop a canceled call", is_crash=False))
                return
        self._kill(Ending(f"did not respond for {limit:g} seconds", is_crash=True))

    def _kill(self, ending: Ending) -> None:
        self.finish(ending)
        self.child.kill()

    def _record_answer(self) -> None:
        if self._preparing_calls is None:
            return
        self._on_answered()
        if self._is_used_up and not self.connection.in_flight:
            self.finish(Ending("was recycled", is_crash=False))
