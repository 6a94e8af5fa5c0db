"""The clock of background indexing. Tests use a clock that they advance themselves."""

from time import monotonic
from typing import Protocol

import anyio

from concurrency import Signal


class Clock(Protocol):
    """The time that background indexing measures and waits for."""

    def now(self) -> float:
        """Return the seconds since a fixed point in time."""
        ...

    async def wait(self, signal: Signal, seconds: float) -> None:
        """Return when the signal is set, at the latest after `seconds`. The signal is cleared."""
        ...


class SystemClock:
    """The monotonic clock of the operating system."""

    def now(self) -> float:
        return monotonic()

    async def wait(self, signal: Signal, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await signal.wait()
        signal.clear()
