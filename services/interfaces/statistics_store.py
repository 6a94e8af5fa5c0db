"""Interface of the statistics of the server, implemented by `persistence/access/statistics.py`."""

from typing import Protocol

from records.access import AccessScope
from records.access.statistics import Statistics, StatisticsRange


class StatisticsStore(Protocol):
    """Counts over the objects of all users. A scope includes them for administrators, and nothing for others."""

    async def read(self, scope: AccessScope, range: StatisticsRange) -> Statistics: ...
