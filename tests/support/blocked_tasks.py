"""Waiting until every task of the event loop waits for something, so that all published events have been received."""

import anyio

MAX_SECONDS = 0.5


async def let_tasks_run() -> None:
    """Wait until all other tasks are blocked, or for half a second.

    A task that wakes up in the rhythm in which anyio looks would otherwise let it wait for ever.
    """
    with anyio.move_on_after(MAX_SECONDS):
        await anyio.wait_all_tasks_blocked()
