"""Interface of the store of daily usage, implemented by `persistence/access/daily_usage.py`."""

from datetime import date
from typing import Protocol

from records.access import AccessScope
from records.access.usage import DailyUsage


class UsageStore(Protocol):
    """Counts of each user and day. The stores of messages and documents add to them in their own transactions."""

    async def of_day(self, scope: AccessScope, day: date) -> DailyUsage:
        """Return the usage of the scope's user on a day (UTC)."""
        ...
