"""Retry of work that failed because a worker process crashed."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from records.codes import ErrorCode
from records.errors import ExpectedError

ATTEMPTS = 3

Result = TypeVar("Result")


async def retry_after_crash(action: Callable[[], Awaitable[Result]]) -> Result:
    """Run `action`; up to two more times where its worker crashed, since the process is restarted meanwhile.

    Raises what the last attempt raised, and any other failure at once.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return await action()
        except ExpectedError as failure:
            if failure.code is not ErrorCode.WORKER_CRASHED:
                raise
    return await action()
