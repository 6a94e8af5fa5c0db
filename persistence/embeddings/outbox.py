"""The outbox: chunks whose vectors may have changed, in the order of the changes, for the vector index to apply."""

from collections.abc import Sequence
from dataclasses import dataclass

from persistence.database.database import Database
from persistence.database.json_columns import json_array
from persistence.database.sqlite import execute, fetch, fetch_value
from records.ids import ChunkId, DocumentId


@dataclass(frozen=True, slots=True)
class Entry:
    """A chunk that was stored, changed or deleted. The table of vectors has its present state."""

    id: int
    chunk_id: ChunkId
    document_id: DocumentId


class Outbox:
    """Implements `persistence.vectors.Outbox`."""

    def __init__(self, database: Database, *, deep: bool = False) -> None:
        """Use the outbox of the deep embedder's vectors if `deep`, else that of the light one's."""
        self._database = database
        table = "deep_outbox" if deep else "outbox"
        self._read = f"SELECT id, chunk_id, document_id FROM {table} ORDER BY id LIMIT ?"  # noqa: S608  # constants
        self._done = f"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
        self._count = f"SELECT count(*) FROM {table} WHERE document_id = coalesce(?, document_id)"  # noqa: S608

    async def read(self, limit: int) -> tuple[Entry, ...]:
        """Return the oldest entries."""
        async with self._database.reading() as reader:
            rows = await fetch(reader, self._read, [limit])
        return tuple(Entry(row[0], ChunkId(row[1]), DocumentId(row[2])) for row in rows)

    async def done(self, ids: Sequence[int]) -> None:
        """Remove entries that were applied."""
        async with self._database.writing() as transaction:
            await execute(transaction, self._done, [json_array(ids)])

    async def pending(self, document_id: DocumentId | None = None) -> int:
        """Return the number of entries of a document, or of all."""
        async with self._database.reading() as reader:
            return int(await fetch_value(reader, self._count, [document_id]))
