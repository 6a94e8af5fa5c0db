"""The error boundary of background work: an unexpected exception is logged with an incident id and reported."""

import uuid
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("graphlore.background")

Report = Callable[[str], Awaitable[None]]


async def run_unit(
    work: Callable[[], Awaitable[None]], name: str, report: Report | None = None, *, incident: str | None = None
) -> bool:
    """Run one unit of background work and return whether it ended without an unexpected exception.

    The exception is logged with an incident id. `report` receives the message that clients may see: it contains the
    incident id and nothing of the exception. An exception of `report` itself is logged under the same id. Expected
    failures are handled by `work`. `name` says in the log what failed.
    """
    try:
        await work()
    except Exception as error:  # boundary: no caller above a background task could handle it
        incident = incident or uuid.uuid4().hex[:12]
        log.error("unexpected error", work=name, incident=incident, exc_info=error)
        if report is not None:
            message = f"An unexpected error occurred on the server. (id {incident})"
            await run_unit(lambda: report(message), f"report of {name}", incident=incident)
        return False
    return True
