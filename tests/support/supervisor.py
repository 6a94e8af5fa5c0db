"""A supervisor for components under test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from concurrency import Supervisor, open_supervisor


@asynccontextmanager
async def open_test_supervisor() -> AsyncIterator[Supervisor]:
    """Supervise loops while the block is open. A loop that ends unexpectedly cancels the block and fails the test."""
    async with open_supervisor(_fail_test) as supervisor:
        yield supervisor


def _fail_test() -> None:
    raise AssertionError("a background loop ended unexpectedly; the captured log names it")
