"""The error boundary of background work: an unexpected exception is logged with an incident id and reported."""

import uuid
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("graphlore.background")

Report = Callable[[str], Awaitable[None]]


def new_incident_id() -> str:
    """Return an id that connects an error message with its line in the log: 12 hexadecimal digits."""
    return uuid.uuid4().hex[:12]


def unexpected_error_message(incident: str) -> str:
    """Return the message that clients get instead of the text of an unexpected exception."""
    return f"An unexpected error occurred on the server. Its log has the details. (id {incident})"


async def run_unit(
    work: Callable[[], Awaitable[None]], name: str, report: Report | None = None, *, incident: str | None = None
) -> bool:
    """Run one unit of background work and return whether it ended without an unexpected exception.

    An unexpected exception is logged with `name` and an incident id. `report` then receives a message for clients, which
    contains the incident id but no text of the exception. An exception of `report` itself is logged under the same id.
    `work` must handle its expected failures itself.
    """
    try:
        await work()
    except Exception as error:  # boundary: no caller above a background task could handle it
        incident = incident or new_incident_id()
        log.error("unexpected error", work=name, incident=incident, exc_info=error)
        if report is not None:
            message = unexpected_error_message(incident)
            await run_unit(lambda: report(message), f"report of {name}", incident=incident)
        return False
    return True
