"""Interface of the store of failed attempts to log in, implemented by `persistence/access/login_delays.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class LoginDelayStore(Protocol):
    """Counts of failed attempts by key: an account, a network or a device. Times are in seconds since the epoch."""

    async def begin(self, free_failures: Mapping[str, int], now: float) -> bool:
        """Count an attempt as failed for every key, unless one of them has to wait.

        `free_failures` has the number of failures after which the delay begins: one second, doubled by each further
        failure, at most 15 minutes. Every ten minutes, one failure is forgotten.

        Return whether the attempt may go on. Counting before the password is checked keeps parallel attempts from passing.
        """
        ...

    async def forgive(self, key: str) -> None:
        """Erase the count of a key after a successful attempt."""
        ...

    async def cancel(self, keys: Sequence[str]) -> None:
        """Subtract an attempt from the counts, and restore the time of the failure before it."""
        ...
