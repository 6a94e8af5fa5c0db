"""A vector index that compares a query with every stored vector."""

import struct
from collections.abc import Sequence

from persistence.database.database import Database
from persistence.database.json_columns import json_array
from persistence.database.sqlite import fetch
from records.ids import ChunkId, DocumentId
from records.retrieval import ScoredChunk
from tests.fakes.embedding import DIMENSIONS

EMBEDDED = """
    SELECT id, embedding FROM chunks
    WHERE length(embedding) = ? AND (? OR document_id IN (SELECT value FROM json_each(?)))
"""


class ExactVectorIndex:
    """Implements `services.interfaces.vector_index.VectorIndex` over the vectors in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(
        self, vector: bytes, limit: int, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ScoredChunk, ...]:
        query = struct.unpack(f"<{DIMENSIONS}f", vector)
        values = [2 * DIMENSIONS, document_ids is None, json_array(document_ids or ())]
        async with self._database.reading() as reader:
            rows = await fetch(reader, EMBEDDED, values)
        scored = [
            ScoredChunk(ChunkId(row[0]), sum(map(float.__mul__, query, struct.unpack(f"<{DIMENSIONS}e", row[1]))))
            for row in rows
        ]
        return tuple(sorted(scored, key=lambda each: (-each.score, each.chunk_id))[:limit])

    async def drain(self) -> int:
        return 0

    async def count(self, document_id: DocumentId | None = None) -> int:
        return 0
