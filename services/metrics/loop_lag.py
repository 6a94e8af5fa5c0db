"""How late the event loop is: a task sleeps a little, over and over, and notes by how much it woke too late."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from concurrency import Supervisor
from services.metrics.histogram import Histogram

INTERVAL = 0.02
"Seconds between two looks: a block is seen but for so much of it at most."
WINDOW = 3000
"Looks that the quantiles are of: about a minute."
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"Upper bounds of the histogram's buckets, in seconds; one more has none."


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Seconds, over the window."""

    p50: float
    p99: float
    max: float


class LoopLag:
    def __init__(self) -> None:
        self._window: deque[float] = deque(maxlen=WINDOW)
        self.histogram = Histogram(BOUNDS)
        "Seconds, of all looks since the start."
        self.longest = 0.0
        "Seconds, since the start."

    def note(self, lag: float) -> None:
        self._window.append(lag)
        self.histogram.note(lag)
        self.longest = max(self.longest, lag)

    def quantiles(self) -> Quantiles:
        lags = sorted(self._window) or [0.0]
        last = len(lags) - 1
        return Quantiles(lags[round(0.5 * last)], lags[round(0.99 * last)], lags[-1])

    async def run(self) -> None:
        """Look, for as long as this runs."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL
            await asyncio.sleep(INTERVAL)
            self.note(max(0.0, loop.time() - due))


@asynccontextmanager
async def open_loop_lag(supervisor: Supervisor) -> AsyncIterator[LoopLag]:
    """Measure while the block is open."""
    lag = LoopLag()
    async with supervisor.running("event loop lag", lag.run):
        yield lag
