"""Interface of the totals of stored records and bytes."""

from typing import Protocol

from records.system import StorageCounts


class StorageTotals(Protocol):
    """Running totals: changed with every change of the stores, and correct again after a crash."""

    async def read(self) -> StorageCounts:
        """Return the totals. The cost does not depend on how much is stored: this is called several times a second."""
        ...
