"""Lag of the event loop: a task sleeps for a fixed time again and again and records by how much it wakes too late."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from concurrency import Supervisor
from services.metrics.latency import Histogram

INTERVAL = 0.02
"""Seconds between two measurements. If the loop is blocked, the measured lag is too short by at most this time."""
WINDOW = 3000
"""Number of the newest measurements from which quantiles are computed: about one minute."""
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histogram's buckets, in seconds."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles of the lag within the window, in seconds."""

    p50: float
    p99: float
    max: float


class LoopLag:
    """The measured lags: the newest ones for quantiles, and all since the start as a histogram."""

    def __init__(self) -> None:
        self._window: deque[float] = deque(maxlen=WINDOW)
        self.histogram = Histogram(BOUNDS)
        "Numbers of measured lags since the server started. The bounds of the buckets are in seconds."
        self.longest = 0.0
        "Largest lag since the server started, in seconds."

    def observe(self, lag: float) -> None:
        """Record one measurement in seconds."""
        self._window.append(lag)
        self.histogram.observe(lag)
        self.longest = max(self.longest, lag)

    def quantiles(self) -> Quantiles:
        """Return the quantiles of the window; all are 0 without a measurement."""
        lags = sorted(self._window) or [0.0]
        last = len(lags) - 1
        return Quantiles(lags[round(0.5 * last)], lags[round(0.99 * last)], lags[-1])

    async def run(self) -> None:
        """Measure until canceled."""
        while True:
            due = anyio.current_time() + INTERVAL
            await anyio.sleep(INTERVAL)
            self.observe(max(0.0, anyio.current_time() - due))


@asynccontextmanager
async def open_loop_lag(supervisor: Supervisor) -> AsyncIterator[LoopLag]:
    """Measure the lag of the event loop while the block is open."""
    lag = LoopLag()
    async with supervisor.running("event loop lag", lag.run):
        yield lag
