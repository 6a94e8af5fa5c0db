"""Usage of the server by one user in one day, and the limits of it. Days begin at 00:00 UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """Limits of each user; None for no limit. A day's tokens include those of prompts."""

    concurrent_answers: int | None = None
    daily_answers: int | None = None
    daily_tokens: int | None = None
    daily_upload_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """Counts of one user and one day.

    An answer counts when it starts. Its tokens count when it ends; reasoning is part of the completion.
    """

    answers: int = 0
    failed_answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    uploaded_bytes: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens that an answer has used, also if it was canceled or failed. Reasoning is part of the completion."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: "TokenCount") -> "TokenCount":
        return TokenCount(self.prompt + other.prompt, self.completion + other.completion)


UNCOUNTED = TokenCount()
"""The count of an answer whose tokens are not known, because the server stopped during its generation."""


@dataclass(frozen=True, slots=True)
class UsageWindow:
    """The usage of a user today, with the limits."""

    today: DailyUsage
    limits: UsageLimits
    resets_at: datetime


def next_day(moment: datetime) -> datetime:
    """Return the beginning of the day after `moment`, in UTC."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1)
