"""When to start again after a crash: a growing wait, and a breaker that opens after three crashes in a row."""

import time
from collections.abc import Callable

FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0
CRASHES_ALLOWED = 3
REST_SECONDS = 60.0


class Breaker:
    """Counts crashes since the last call that was answered. Open: no call is let through, until it has rested."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._crashes = 0
        self._opened_at: float | None = None

    @property
    def is_open(self) -> bool:
        return self._opened_at is not None and self._clock() - self._opened_at < REST_SECONDS

    @property
    def is_reset(self) -> bool:
        return self._crashes == 0

    @property
    def wait_seconds(self) -> float:
        """How long to wait before the next start: 0.1 s after the first crash, doubling to 5 s."""
        return min(FIRST_WAIT * 2.0 ** (self._crashes - 1), LONGEST_WAIT) if self._crashes else 0.0

    def crashed(self) -> None:
        self._crashes += 1
        if self._crashes >= CRASHES_ALLOWED:
            self._opened_at = self._clock()

    def reset(self) -> None:
        """A call was answered, or a person wants another try."""
        self._crashes = 0
        self._opened_at = None
