"""Chunks whose vectors may have changed, in order; what became of each stands in `chunks`."""

from collections.abc import Sequence
from dataclasses import dataclass

from persistence.database import Database
from persistence.packing import json_array
from persistence.sqlite import execute, fetch, fetch_value
from records.ids import ChunkId, DocumentId


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    chunk_id: ChunkId
    document_id: DocumentId


class Outbox:
    """Implements `persistence.vectors.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, limit: int) -> tuple[Entry, ...]:
        """The oldest entries."""
        async with self._database.reading() as reader:
            rows = await fetch(reader, "SELECT id, chunk_id, document_id FROM outbox ORDER BY id LIMIT ?", [limit])
        return tuple(Entry(row[0], ChunkId(row[1]), DocumentId(row[2])) for row in rows)

    async def done(self, ids: Sequence[int]) -> None:
        async with self._database.writing() as transaction:
            await execute(
                transaction, "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))", [json_array(ids)]
            )

    async def pending(self, document_id: DocumentId | None = None) -> int:
        async with self._database.reading() as reader:
            if document_id is None:
                return int(await fetch_value(reader, "SELECT count(*) FROM outbox"))
            return int(await fetch_value(reader, "SELECT count(*) FROM outbox WHERE document_id = ?", [document_id]))
