"""Usage and statistics with a value in every field."""

from datetime import date

from records.access import AccessScope, Role
from records.document import DocumentStatus
from records.statistics import Statistics, StatisticsRange, UsageTotals
from records.usage import DailyUsage, UsageLimits

LIMITS = UsageLimits(3, 50, 1 << 40, 1 << 41)
USED = DailyUsage(answers=4, failed_answers=1, prompt_tokens=1 << 33, completion_tokens=20, uploaded_bytes=1 << 34)
STATISTICS = Statistics(
    users_by_role=((Role.SUPERADMIN, 1), (Role.USER, 4)),
    documents_by_status=((DocumentStatus.READY, 7), (DocumentStatus.FAILED, 1)),
    sessions=3,
    usage=UsageTotals(2, 10, 1, 1 << 33, 200, ((date(2026, 11, 20), 0), (date(2026, 11, 21), 10))),
    answers_by_model=(("Small", 9),),
    median_time_to_first_token_ms=120.5,
)


class FakeUsageStore:
    """The same usage on every day."""

    async def of_day(self, scope: AccessScope, day: date) -> DailyUsage:
        return USED


class FakeStatistics:
    """The same statistics for every range. `ranges` are those that were read."""

    def __init__(self) -> None:
        self.ranges: list[StatisticsRange] = []

    async def read(self, scope: AccessScope, range: StatisticsRange) -> Statistics:
        self.ranges.append(range)
        return STATISTICS
