"""Time limit of calls to other processes that a sample makes."""

from collections.abc import Awaitable
from typing import TypeVar

import anyio

from records.errors import ExpectedError
from workers import WorkerCallFailed

CALL_SECONDS = 1.0
"""Time limit in seconds. A worker that restarts answers only when it is ready again; a sample does not wait for that."""

Result = TypeVar("Result")


async def call_with_timeout(call: Awaitable[Result], default: Result) -> tuple[Result, str | None]:
    """Return the result of `call`; or, if it fails or takes too long, `default` and the reason."""
    try:
        with anyio.fail_after(CALL_SECONDS):
            return await call, None
    except TimeoutError:
        return default, f"the process did not respond within {CALL_SECONDS:g} s"
    except (ExpectedError, WorkerCallFailed) as failure:
        return default, failure.message
