"""Storage of the vectors of the deep embedder and of its progress with each document."""

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter
from persistence.database.database import Database
from persistence.database.json_columns import json_array
from persistence.database.sqlite import execute, execute_many, fetch, fetch_value
from persistence.documents.chunks import load_chunks
from persistence.embeddings.embedders import EmbedderId
from records.access import AnyScope, SystemScope
from records.document import ChunkRecord
from records.ids import ChunkId, DocumentId
from records.indexing import IndexCounts

_WITH_PROGRESS = "documents LEFT JOIN deep_progress ON deep_progress.document_id = documents.id"
_EMBEDDED = "coalesce(deep_progress.embedded_chunks, 0)"
_COUNTS = f"""
    SELECT coalesce(sum(chunk_count > {_EMBEDDED}), 0), coalesce(sum(chunk_count - {_EMBEDDED}), 0),
        coalesce(sum({_EMBEDDED}), 0), coalesce(sum(chunk_count <= {_EMBEDDED}), 0)
    FROM {_WITH_PROGRESS} WHERE status = 'READY'
"""  # noqa: S608  # constants
_NEXT_DOCUMENT = f"""
    SELECT documents.id FROM {_WITH_PROGRESS} WHERE status = 'READY' AND chunk_count > {_EMBEDDED}
    ORDER BY documents.id LIMIT 1
"""  # noqa: S608  # constants
_NEXT_CHUNKS = """
    SELECT id FROM chunks WHERE document_id = ? AND NOT EXISTS (
        SELECT 1 FROM deep_embeddings WHERE embedder_id = ? AND chunk_id = chunks.id
    ) ORDER BY position LIMIT ?
"""
_STORE = """
    INSERT OR IGNORE INTO deep_embeddings (embedder_id, chunk_id, embedding)
    SELECT ?, id, ? FROM chunks WHERE id = ? AND document_id = ? AND text = ? AND context = ?
"""
_COUNT_STORED = """
    SELECT count(*) FROM deep_embeddings WHERE embedder_id = ? AND chunk_id IN (SELECT value FROM json_each(?))
"""
_ADD_PROGRESS = """
    INSERT INTO deep_progress (document_id, embedded_chunks) SELECT id, ? FROM documents WHERE id = ?
    ON CONFLICT (document_id) DO UPDATE SET embedded_chunks = embedded_chunks + excluded.embedded_chunks
"""
_PROGRESS = """
    SELECT document_id, embedded_chunks FROM deep_progress
    WHERE document_id IN (SELECT value FROM json_each(?)) AND {included}
"""
_FORMER = "SELECT id FROM embedders WHERE role = 'DEEP' AND id <> ? LIMIT 1"


class DeepVectors:
    """Implements `services.indexing.deep_index.DeepVectors` for one deep embedder. Vectors of others are ignored."""

    def __init__(self, database: Database, embedder_id: EmbedderId, system: SystemScope) -> None:
        self._database = database
        self._system = system
        self._embedder_id = embedder_id

    async def counts(self) -> IndexCounts:
        """Return the numbers of READY documents and of their chunks with and without a vector."""
        async with self._database.reading() as reader:
            return IndexCounts(*(await fetch(reader, _COUNTS))[0])

    async def next_batch(self, limit: int) -> tuple[ChunkRecord, ...]:
        """Return chunks of one READY document without a vector, in their order; empty if every chunk has one."""
        async with self._database.snapshot() as reader:
            document_id = await fetch_value(reader, _NEXT_DOCUMENT)
            rows = await fetch(reader, _NEXT_CHUNKS, [document_id, self._embedder_id, limit])
            found = await load_chunks(reader, self._system, [row[0] for row in rows])
        return tuple(sorted(found.values(), key=lambda chunk: chunk.index))

    async def store(self, embeddings: Sequence[tuple[ChunkRecord, bytes]]) -> None:
        """Store the vectors of one document's chunks and queue them in the outbox, in one transaction.

        Chunks that were deleted or changed since they were read are ignored.
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
            before = await self._count_stored(transaction, ids)
            await execute_many(transaction, _STORE, rows)
            added = await self._count_stored(transaction, ids) - before
            await execute_many(
                transaction,
                "INSERT INTO deep_outbox (chunk_id, document_id) VALUES (?, ?)",
                [(chunk_id, document_id) for chunk_id in ids],
            )
            await execute(transaction, _ADD_PROGRESS, [added, document_id])

    async def _count_stored(self, client: BaseDBAsyncClient, ids: Sequence[ChunkId]) -> int:
        return int(await fetch_value(client, _COUNT_STORED, [self._embedder_id, json_array(ids)]))

    async def erase_former(self, limit: int) -> int:
        """Erase up to `limit` vectors of former embedders. Return 0 if none are left, otherwise a number above 0."""
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

    async def embedded(self, scope: AnyScope, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        """Return, by document in the scope, the number of chunks with a vector. Documents without any are left out."""
        included = scope_filter(scope, "deep_progress")
        async with self._database.reading() as reader:
            query = _PROGRESS.format(included=included.sql)
            rows = await fetch(reader, query, [json_array(document_ids), *included.values])
        return {DocumentId(row[0]): int(row[1]) for row in rows}

    async def covers(self, document_ids: Sequence[DocumentId] | None) -> bool:
        """Return whether any chunk of these documents (None: of all) has a vector."""
        if document_ids is not None:
            return any((await self.embedded(self._system, document_ids)).values())
        async with self._database.reading() as reader:
            found = await fetch_value(reader, "SELECT 1 FROM deep_progress WHERE embedded_chunks > 0 LIMIT 1")
        return found is not None

    async def lacking(self, chunk_ids: Sequence[ChunkId]) -> frozenset[ChunkId]:
        """Return those of `chunk_ids` that have no vector of this embedder."""
        async with self._database.reading() as reader:
            rows = await fetch(
                reader,
                """SELECT chunk_id FROM deep_embeddings
                WHERE embedder_id = ? AND chunk_id IN (SELECT value FROM json_each(?))""",
                [self._embedder_id, json_array(chunk_ids)],
            )
        return frozenset(chunk_ids) - {ChunkId(row[0]) for row in rows}
