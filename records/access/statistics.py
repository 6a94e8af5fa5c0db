"""Counts of users and of what they use and store, for administrators. They contain no text and no names of sessions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from records.access.scopes import Role
from records.document import DocumentStatus
from records.ids import CollectionId

MAX_DAYS = 366
"""Longest range of statistics, in days."""
DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True)
class StatisticsRange:
    """A range of time, with a time zone: `since` is inclusive, `until` exclusive."""

    since: datetime
    until: datetime

    @property
    def days(self) -> tuple[date, ...]:
        """Every day in UTC that the range touches, the first one first."""
        first = self.since.astimezone(UTC).date()
        last = (self.until.astimezone(UTC) - timedelta(microseconds=1)).date()
        return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """Sums of the usage of all users on the days of a range. `answers_by_day` has every day of it, the first one first."""

    active_users: int = 0
    answers: int = 0
    failed_answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    answers_by_day: tuple[tuple[date, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of the present state, the usage in a range, and numbers of the stored answers that started in it."""

    users_by_role: tuple[tuple[Role, int], ...] = ()
    documents_by_status: tuple[tuple[DocumentStatus, int], ...] = ()
    sessions: int = 0
    usage: UsageTotals = UsageTotals()
    answers_by_model: tuple[tuple[str, int], ...] = ()
    "By the name of the model, the highest number first."
    collections: int = 0
    answers_by_collection: tuple[tuple[CollectionId, int], ...] = ()
    "The collections with the most answers in their sessions, the highest number first."
    median_time_to_first_token_ms: float | None = None
