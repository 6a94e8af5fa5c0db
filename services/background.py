"""The one place where a background task meets a surprise: it is logged with an id and told on, and the server lives."""

import uuid
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("graphlore.guard")


async def guarded(
    task: Callable[[], Awaitable[None]], what: str, on_surprise: Callable[[str], Awaitable[None]] | None = None
) -> bool:
    """Run one unit of background work; False where it met something that nobody expected.

    Expected failures are the task's own business. `on_surprise` gets the message that a client may see; it holds the
    id that stands in the log and nothing of the exception.
    """
    try:
        await task()
    except Exception as surprise:  # the boundary of a background task: nothing above could handle it
        incident = uuid.uuid4().hex[:12]
        log.error("surprise", what=what, id=incident, exc_info=surprise)
        if on_surprise is not None:
            await on_surprise(f"Something went wrong on the server. (id {incident})")
        return False
    return True
