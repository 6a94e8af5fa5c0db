"""Chooses the number of decode threads by measuring the decoding of real answers.

More threads are not always faster. The threads of a small model wait for each other hundreds of times for a token, and
when another program needs a core, all of them wait for the thread that was suspended. The best number depends on the
current load of the machine, so the measurement is repeated (docs/decisions/0011).
"""

import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median

BLOCK = 4
"""Consecutive decodes with the same number of threads. The first one wakes the threads and is not measured."""

BLOCKS = 3
"""Number of blocks that are measured for each of the two numbers of threads in a comparison."""

REPEAT_SECONDS = 60.0
SLOW_SECONDS = 0.05
"""A decode that takes longer than this gains from every thread, so the number of threads is not halved."""

MIN_SPEEDUP = 1.1
"""A number of threads is kept only if decoding is faster by this factor than with half of the threads."""


class ThreadTuning:
    """Halves the number of threads as long as decoding does not slow down. `threads` is the number for the next decode."""

    def __init__(self, max_threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_threads = max_threads
        self._clock = clock
        self._begin()

    def _begin(self) -> None:
        self._chosen = self._max_threads
        self._rows = 0
        self._try_half()

    def _try_half(self) -> None:
        self._candidate = -(-self._chosen // 2) if self._chosen > 1 else None
        self._restart()

    def _restart(self) -> None:
        self._step = 0
        self._seconds: dict[int, list[float]] = defaultdict(list)
        self._settled_at = self._clock()

    @property
    def threads(self) -> int:
        is_candidates_turn = (self._step // BLOCK) % 2 == 1
        return self._candidate if self._candidate is not None and is_candidates_turn else self._chosen

    def record(self, rows: int, seconds: float) -> None:
        """Record the duration of a decode with `rows` sequences. A change of `rows` restarts the comparison."""
        if self._candidate is None:
            if self._max_threads > 1 and self._clock() - self._settled_at >= REPEAT_SECONDS:
                self._begin()
            return
        if rows != self._rows:
            self._rows = rows
            self._restart()
            return
        if self._step % BLOCK:
            self._seconds[self.threads].append(seconds)
        self._step += 1
        if self._step == BLOCK and median(self._seconds[self._chosen]) > SLOW_SECONDS:
            self._settle()
        elif self._step == 2 * BLOCK * BLOCKS:
            self._compare(self._candidate)

    def _compare(self, candidate: int) -> None:
        if median(self._seconds[candidate]) <= MIN_SPEEDUP * median(self._seconds[self._chosen]):
            self._chosen = candidate
            self._try_half()
        else:
            self._settle()

    def _settle(self) -> None:
        self._candidate = None
        self._restart()
