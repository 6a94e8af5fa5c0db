"""On how many cores tokens are written fastest, found out between the tokens of real answers.

More cores are not always faster: a small model's threads wait for each other hundreds of times a token, and where something
else wants a core too, all of them wait for the one that was put aside. What is right changes with what else the machine
does, so it is tried out again from time to time.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median

BLOCK = 4
"""Tokens in a row on the same cores; the first one, which still wakes them, does not count."""
BLOCKS = 3
AGAIN_SECONDS = 60.0
SLOW_SECONDS = 0.05
"""A model that takes longer for a token than this writes fastest on all its cores."""
WORTH_CORES = 1.1
"""Twice the cores must be faster by this to be worth taking them."""


class ThreadTuning:
    """`threads` is for the next step; `note` tells what it took. All cores come first, then half of them, and so on."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._begin()

    def _begin(self) -> None:
        self._chosen = self._most
        self._rows = 0
        self._try_half()

    def _try_half(self) -> None:
        self._rival = -(-self._chosen // 2) if self._chosen > 1 else None
        self._restart()

    def _restart(self) -> None:
        self._step = 0
        self._taken: dict[int, list[float]] = defaultdict(list)
        self._settled_at = self._clock()

    @property
    def threads(self) -> int:
        is_rivals_turn = self._rival is not None and (self._step // BLOCK) % 2 == 1
        return self._rival if is_rivals_turn and self._rival is not None else self._chosen

    def note(self, rows: int, seconds: float) -> None:
        """Steps are compared with those of as many rows alone."""
        if self._rival is None:
            if self._most > 1 and self._clock() - self._settled_at >= AGAIN_SECONDS:
                self._begin()
            return
        if rows != self._rows:
            self._rows = rows
            self._restart()
            return
        if self._step % BLOCK:
            self._taken[self.threads].append(seconds)
        self._step += 1
        if self._step == BLOCK and median(self._taken[self._chosen]) > SLOW_SECONDS:
            self._settle()
        elif self._step == 2 * BLOCK * BLOCKS:
            self._judge(self._rival)

    def _judge(self, rival: int) -> None:
        if median(self._taken[rival]) <= WORTH_CORES * median(self._taken[self._chosen]):
            self._chosen = rival
            self._try_half()
        else:
            self._settle()

    def _settle(self) -> None:
        self._rival = None
        self._restart()
