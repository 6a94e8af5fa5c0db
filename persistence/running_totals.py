"""Totals of stored records and bytes, for metrics. The cost of reading them does not depend on how much is stored."""

from persistence.database.database import Database
from persistence.database.sqlite import execute, fetch
from persistence.originals import Originals
from records.system import StorageCounts

_RECOUNT = """
    UPDATE storage_totals SET
        (documents, chunks, embedded_chunks) = (
            SELECT count(*), coalesce(sum(chunk_count), 0), coalesce(sum(embedded_chunks), 0)
            FROM documents WHERE status <> 'DELETING'
        ),
        (sessions, messages) = (SELECT count(*), coalesce(sum(message_count), 0) FROM sessions)
"""


class RunningTotals:
    """Implements `services.interfaces.storage_totals.StorageTotals`.

    Triggers change the totals in the transaction that changes a document or session, so they are correct after a crash.
    The bytes of originals are counted by `Originals`. Documents in DELETING do not count.
    """

    def __init__(self, database: Database, originals: Originals) -> None:
        self._database = database
        self._originals = originals

    async def recount(self) -> None:
        """Compute the totals again. Call it at start; it reads all documents and sessions."""
        async with self._database.writing() as transaction:
            await execute(transaction, _RECOUNT)

    async def read(self) -> StorageCounts:
        async with self._database.reading() as reader:
            [row] = await fetch(reader, "SELECT * FROM storage_totals")
        return StorageCounts(
            **dict(row),
            database_bytes=await self._database.byte_size(),
            originals_bytes=self._originals.byte_size,
        )
