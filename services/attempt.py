"""Background work that is repeated until it succeeds."""

from collections.abc import Awaitable, Callable

import structlog

from concurrency import run_unit
from records.errors import ExpectedError

log = structlog.get_logger("graphlore.background")


async def attempt(work: Callable[[], Awaitable[object]], name: str) -> bool:
    """Run one unit of background work and return whether it succeeded.

    Every failure is logged: an expected one with its code, an unexpected one with an incident id. The caller is expected to
    try again later. `name` is the name of the work in the log.
    """
    succeeded = False

    async def unit() -> None:
        nonlocal succeeded
        try:
            await work()
            succeeded = True
        except ExpectedError as failure:
            log.warning("work postponed", work=name, code=failure.code.value)

    await run_unit(unit, name)
    return succeeded
