"""Retry of work that failed because a worker process crashed."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from records.codes import ErrorCode
from records.errors import ExpectedError

MAX_ATTEMPTS = 3

Result = TypeVar("Result")


async def retry_after_crash(action: Callable[[], Awaitable[Result]]) -> Result:
    """Run `action`, and up to two more times if its worker crashed. The worker restarts in between.

    If all three attempts crash, raises what the last one raised. A failure that is not a crash is raised at once.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            return await action()
        except ExpectedError as failure:
            if failure.code is not ErrorCode.WORKER_CRASHED:
                raise
    return await action()
