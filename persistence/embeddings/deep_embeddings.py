"""The vectors that a deep embedder makes, beside those of the light one, and how far it has come with each document."""

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array
from persistence.database.sqlite import execute, execute_many, fetch, fetch_value
from persistence.documents.chunks import load_chunks
from persistence.embeddings.embedders import EmbedderId
from records.document import ChunkRecord
from records.ids import ChunkId, DocumentId
from records.indexing import IndexCounts

_WITH_PROGRESS = "documents LEFT JOIN deep_documents ON deep_documents.document_id = documents.id"
_COUNTS = f"""
    SELECT coalesce(sum(chunk_count > coalesce(chunks, 0)), 0), coalesce(sum(chunk_count - coalesce(chunks, 0)), 0),
        coalesce(sum(chunks), 0), coalesce(sum(chunk_count <= coalesce(chunks, 0)), 0)
    FROM {_WITH_PROGRESS} WHERE status = 'READY'
"""  # noqa: S608  # our own parts
_NEXT_DOCUMENT = f"""
    SELECT documents.id FROM {_WITH_PROGRESS} WHERE status = 'READY' AND chunk_count > coalesce(chunks, 0)
    ORDER BY documents.id LIMIT 1
"""  # noqa: S608  # our own parts
_NEXT_CHUNKS = """
    SELECT id FROM chunks WHERE document_id = ? AND NOT EXISTS (
        SELECT 1 FROM deep_embeddings WHERE embedder_id = ? AND chunk_id = chunks.id
    ) ORDER BY position LIMIT ?
"""
_STORE = """
    INSERT OR IGNORE INTO deep_embeddings (embedder_id, chunk_id, embedding)
    SELECT ?, id, ? FROM chunks WHERE id = ? AND document_id = ? AND text = ? AND context = ?
"""
_STORED = """
    SELECT count(*) FROM deep_embeddings WHERE embedder_id = ? AND chunk_id IN (SELECT value FROM json_each(?))
"""
_MOVE_ON = """
    INSERT INTO deep_documents (document_id, chunks) SELECT id, ? FROM documents WHERE id = ?
    ON CONFLICT (document_id) DO UPDATE SET chunks = chunks + excluded.chunks
"""
_FORMER = "SELECT id FROM embedders WHERE role = 'DEEP' AND id <> ? LIMIT 1"


class DeepVectors:
    """Implements `services.indexing.DeepVectors` for one deep embedder: what others made is never looked at."""

    def __init__(self, database: Database, embedder_id: EmbedderId) -> None:
        self._database = database
        self._embedder_id = embedder_id

    async def counts(self) -> IndexCounts:
        async with self._database.reading() as reader:
            return IndexCounts(*(await fetch(reader, _COUNTS))[0])

    async def next_batch(self, limit: int) -> tuple[ChunkRecord, ...]:
        """Chunks of one READY document, in order; empty where every one has its vector."""
        async with self._database.snapshot() as reader:
            document_id = await fetch_value(reader, _NEXT_DOCUMENT)
            rows = await fetch(reader, _NEXT_CHUNKS, [document_id, self._embedder_id, limit])
            found = await load_chunks(reader, [row[0] for row in rows])
        return tuple(sorted(found.values(), key=lambda chunk: chunk.index))

    async def store(self, embeddings: Sequence[tuple[ChunkRecord, bytes]]) -> None:
        """Store the vectors of one document's chunks and queue them, in one transaction.

        A chunk that went away or became another one while it was embedded is passed over.
        """
        if not embeddings:
            return
        document_id = embeddings[0][0].document_id
        ids = [chunk.id for chunk, _ in embeddings]
        rows = [
            (self._embedder_id, vector, chunk.id, document_id, chunk.text, chunk.context)
            for chunk, vector in embeddings
        ]
        async with self._database.writing() as transaction:
            before = await self._stored(transaction, ids)
            await execute_many(transaction, _STORE, rows)
            added = await self._stored(transaction, ids) - before
            await execute_many(
                transaction,
                "INSERT INTO deep_outbox (chunk_id, document_id) VALUES (?, ?)",
                [(chunk_id, document_id) for chunk_id in ids],
            )
            await execute(transaction, _MOVE_ON, [added, document_id])

    async def _stored(self, client: BaseDBAsyncClient, ids: Sequence[ChunkId]) -> int:
        return int(await fetch_value(client, _STORED, [self._embedder_id, json_array(ids)]))

    async def erase_former(self, limit: int) -> int:
        """Erase up to so many vectors of embedders that are not in use any more; 0 once nothing is left of them."""
        async with self._database.reading() as reader:
            former = await fetch_value(reader, _FORMER, [self._embedder_id])
        if former is None:
            return 0
        async with self._database.writing() as transaction:
            erased = await execute(
                transaction,
                "DELETE FROM deep_embeddings WHERE id IN (SELECT id FROM deep_embeddings WHERE embedder_id = ? LIMIT ?)",
                [former, limit],
            )
            if erased < limit:
                await execute(transaction, "DELETE FROM embedders WHERE id = ?", [former])
        return max(1, erased)

    async def embedded(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        """How many chunks of each have a vector; documents without one are left out."""
        async with self._database.reading() as reader:
            rows = await fetch(
                reader,
                "SELECT document_id, chunks FROM deep_documents WHERE document_id IN (SELECT value FROM json_each(?))",
                [json_array(document_ids)],
            )
        return {DocumentId(row[0]): int(row[1]) for row in rows}

    async def covers(self, document_ids: Sequence[DocumentId] | None) -> bool:
        """Whether any of these documents, or of all, has a vector."""
        if document_ids is not None:
            return any((await self.embedded(document_ids)).values())
        async with self._database.reading() as reader:
            return await fetch_value(reader, "SELECT 1 FROM deep_documents WHERE chunks > 0 LIMIT 1") is not None

    async def lacking(self, chunk_ids: Sequence[ChunkId]) -> frozenset[ChunkId]:
        """Those of these chunks without a vector."""
        async with self._database.reading() as reader:
            rows = await fetch(
                reader,
                """SELECT chunk_id FROM deep_embeddings
                WHERE embedder_id = ? AND chunk_id IN (SELECT value FROM json_each(?))""",
                [self._embedder_id, json_array(chunk_ids)],
            )
        return frozenset(chunk_ids) - {ChunkId(row[0]) for row in rows}
