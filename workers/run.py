"""One run of a worker's process: heartbeat, readiness, and the first reason to end it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from workers import frames
from workers.connection import Connection
from workers.spawn import Child
from workers.spec import WorkerSpec

_LONGEST_TICK = 5.0
_OUTPUT_GRACE = 1.0


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a run is over; `reason` continues the sentence "The process …"."""

    reason: str
    is_crash: bool
    cause: Exception | None = None


class Run:
    """`on_answered` is told of every call that the child has ended, once calls are let in."""

    def __init__(self, spec: WorkerSpec, child: Child, on_answered: Callable[[], None]) -> None:
        self._spec = spec
        self.child = child
        self.connection = Connection(child.channel, self._answered)
        self._on_answered = on_answered
        self._ended = asyncio.Event()
        self._ending: Ending | None = None
        self._let_in_at: int | None = None

    @property
    def takes_calls(self) -> bool:
        return self._let_in_at is not None and self._ending is None and not self._is_used_up

    @property
    def _is_used_up(self) -> bool:
        limit = self._spec.recycle_calls
        return limit is not None and self.connection.begun - (self._let_in_at or 0) >= limit

    def finish(self, ending: Ending) -> None:
        """End this run; the first reason stands."""
        if self._ending is None:
            self._ending = ending
            self._ended.set()

    async def last(self, opened: Callable[[], None]) -> Ending:
        """Live until something ends the run, and give that; `opened` is called when calls may come in."""
        async with asyncio.TaskGroup() as group:
            output = group.create_task(self.child.follow_output())
            tasks = [group.create_task(work) for work in (self._read(), self._beat(), self._open(opened))]
            await self._ended.wait()
            await self.child.end()
            await asyncio.wait([output], timeout=_OUTPUT_GRACE)
            for task in (output, *tasks):
                task.cancel()
        assert self._ending is not None
        return self._ending if self._ending.reason else Ending(self.child.describe_end(), is_crash=True)

    async def _read(self) -> None:
        await self.connection.read()
        self.finish(Ending("", is_crash=True))

    async def _open(self, opened: Callable[[], None]) -> None:
        await self.connection.greeted.wait()
        if self._spec.prepare is not None:
            try:
                await self._spec.prepare(self.connection)
            except Exception as error:  # noqa: BLE001  # `prepare` is the owner's code: whatever it raises fails the start
                self.finish(Ending("could not be made ready", is_crash=True, cause=error))
                return
        self._let_in_at = self.connection.begun
        self.connection.touch()
        opened()
        if self._spec.idle_seconds is not None:
            await self._end_when_idle(self._spec.idle_seconds)

    async def _end_when_idle(self, idle_seconds: float) -> None:
        while (left := idle_seconds - self.connection.quiet_seconds) > 0:  # noqa: ASYNC110  # every call moves the end
            await asyncio.sleep(left)
        self.finish(Ending("was idle", is_crash=False))

    async def _beat(self) -> None:
        """Ping, and count the ticks without any answer: a loop that was itself held up must not blame the child."""
        limit = self._spec.silence_limit
        tick = min(_LONGEST_TICK, limit / 4, *([self._spec.cancel_limit / 4] if self._spec.cancel_limit else []))
        silent = 0.0
        while silent < limit:
            self.connection.heard = False
            self.connection.send(frames.Ping())
            await asyncio.sleep(tick)
            silent = 0.0 if self.connection.heard else silent + tick
            if self._spec.cancel_limit and self.connection.overdue_cancel(self._spec.cancel_limit):
                self._kill(Ending("was ended, since it did not give up a canceled call", is_crash=False))
                return
        self._kill(Ending(f"gave no sign of life for {limit:g} seconds", is_crash=True))

    def _kill(self, ending: Ending) -> None:
        self.finish(ending)
        self.child.kill()

    def _answered(self) -> None:
        if self._let_in_at is None:
            return
        self._on_answered()
        if self._is_used_up and not self.connection.in_flight:
            self.finish(Ending("was recycled", is_crash=False))
