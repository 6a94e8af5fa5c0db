"""Asking a part of the server for numbers, within the time that a sample may wait for one."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from records.errors import ExpectedError
from workers import WorkerCallFailed

ANSWER_SECONDS = 1.0
"""A process that starts again takes calls only when it is ready; a sample waits for nobody that long."""

Answer = TypeVar("Answer")


async def ask(question: Awaitable[Answer], otherwise: Answer) -> tuple[Answer, str | None]:
    """The answer; or `otherwise`, and why there is none."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await question, None
    except TimeoutError:
        return otherwise, "its process does not answer at the moment"
    except (ExpectedError, WorkerCallFailed) as failure:
        return otherwise, failure.message
