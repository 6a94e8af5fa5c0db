"""A supervisor for components under test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from concurrency import Supervisor, open_supervisor


@asynccontextmanager
async def open_test_supervisor() -> AsyncIterator[Supervisor]:
    """Supervise loops while the block is open. A loop that ends unexpectedly fails the test."""
    async with open_supervisor(lambda: None) as supervisor:
        yield supervisor
    assert supervisor.failed == ()
