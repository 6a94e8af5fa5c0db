"""Places for unfinished answers: limits of the server, of the share of one user, and of the usage of one user."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from records.access import AccessScope
from records.errors import Busy, RateLimited
from services.usage.usage import Usage

RETRY_AFTER_MS = 2000
"""Milliseconds after which a client that was refused should try again, if it depends on the end of other answers."""


class UnfinishedAnswers(Protocol):
    """The answers that are running or wait for the model."""

    @property
    def running(self) -> int: ...
    def running_of(self, scope: AccessScope) -> int:
        """Return the number of unfinished answers of the scope's user."""
        ...


@dataclass(frozen=True, slots=True)
class Places:
    """Decides whether a further answer may start. `limit` is the maximum number of unfinished answers of all users."""

    limit: int
    usage: Usage
    has_several_users: Callable[[], Awaitable[bool]]
    "Of several users, one may have half of the places, so that others are not refused because of one user."

    async def require(self, scope: AccessScope, answers: UnfinishedAnswers) -> None:
        """Raise `Busy` or `RateLimited` if the user may not start a further answer now.

        The caller must prevent that two answers are checked before the first one runs.
        """
        await self.usage.check_answer(scope)
        running, own = answers.running, answers.running_of(scope)
        if running >= self.limit:
            message = f"{running} answers are running or waiting, which is the limit. Try again in a moment."
            raise Busy(message, queue_depth=running, retry_after_ms=RETRY_AFTER_MS)
        share = max(1, self.limit // 2)
        if own >= share and await self.has_several_users():
            message = (
                f"{own} of your answers are running or waiting, which is the limit of one user. Wait for one of them."
            )
            raise Busy(message, queue_depth=running, retry_after_ms=RETRY_AFTER_MS)
        concurrent = self.usage.limits.concurrent_answers
        if concurrent is not None and own >= concurrent:
            raise RateLimited(
                f"Each user may have {concurrent:,} unfinished answers at a time. You have {own:,}. "
                "Wait until one of them ends, or cancel it.",
                retry_after_ms=RETRY_AFTER_MS,
            )
