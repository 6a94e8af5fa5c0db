"""Restart policy: an exponential delay after a crash, and a circuit breaker that opens after three crashes in a row."""

import time
from collections.abc import Callable

FIRST_DELAY = 0.1
MAX_DELAY = 5.0
CRASHES_ALLOWED = 3
OPEN_SECONDS = 60.0


class CircuitBreaker:
    """Counts crashes since the last answered call. While it is open, calls fail at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._crashes = 0
        self._opened_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Return whether calls fail at once. After 60 seconds, the breaker closes to allow one more attempt."""
        return self._opened_at is not None and self._clock() - self._opened_at < OPEN_SECONDS

    @property
    def is_reset(self) -> bool:
        """Return whether no crash has been counted since the last answered call."""
        return self._crashes == 0

    @property
    def delay_seconds(self) -> float:
        """Delay before the next start: 0.1 s after the first crash, doubled after each further one, at most 5 s."""
        return min(FIRST_DELAY * 2.0 ** (self._crashes - 1), MAX_DELAY) if self._crashes else 0.0

    def record_crash(self) -> None:
        self._crashes += 1
        if self._crashes >= CRASHES_ALLOWED:
            self._opened_at = self._clock()

    def reset(self) -> None:
        """Set the number of crashes to 0. Called after an answered call, or if a user requests another attempt."""
        self._crashes = 0
        self._opened_at = None
