"""Staging area of reparsing: the new text and chunks of a document, hidden until they replace the present ones at once.

The full-text index and the vector indexes follow by triggers and outboxes.
"""

import hashlib
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array
from persistence.database.sqlite import execute, execute_many, fetch, fetch_value
from persistence.documents.chunks import chunk_values
from persistence.documents.document_queries import change_document, load_document, require_documents
from persistence.documents.parse_results import store_parse_results
from persistence.embeddings.embedders import recount_deep
from records.access import SystemScope
from records.document import DocumentRecord, DocumentStatus, NewChunk, ParsedDocument, StagedChunk
from records.ids import DocumentId

CHUNKS_PER_TRANSACTION = 500
MAX_OUTDATED = 1000
"""Maximum number of documents that `outdated` returns."""

_OUTDATED = """
    SELECT id, byte_size FROM documents WHERE status = 'READY' AND has_original AND parser_version < ?
        AND id NOT IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM documents WHERE status IN ('PENDING', 'PARSING', 'CHUNKING', 'EMBEDDING'))
    ORDER BY id LIMIT ?
"""
_INSERT = """
    INSERT INTO staged_chunks (document_id, position, text, context, headings, start_offset, end_offset,
        page_start, page_end, token_count, bounding_box, digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UNPAIRED = """
    SELECT digest, id FROM staged_chunks
    WHERE document_id = ? AND digest IN (SELECT value FROM json_each(?)) AND chunk_id IS NULL ORDER BY position
"""
_PAIRED = "SELECT chunk_id FROM staged_chunks WHERE document_id = ?1 AND chunk_id IS NOT NULL"
_REPLACED = f"FROM chunks WHERE document_id = ?1 AND id NOT IN ({_PAIRED})"
_NEW = "FROM staged_chunks WHERE document_id = ?1 AND chunk_id IS NULL"
# The statements that replace a document's text and chunks by the staged ones, in their order. The parameter is the
# document's id. Paired chunks keep their ids, and the spans of citations of them are moved. The spans of citations of other
# chunks become null. Positions are unique, so paired chunks have negative positions until the other chunks are deleted.
_SWITCH = (
    """UPDATE citations SET start_offset = start_offset + moved.distance, end_offset = end_offset + moved.distance,
        bounding_box = moved.bounding_box
        FROM (SELECT chunks.id AS chunk_id, staged.start_offset - chunks.start_offset AS distance, staged.bounding_box
            FROM staged_chunks AS staged JOIN chunks ON chunks.id = staged.chunk_id WHERE staged.document_id = ?1) AS moved
        WHERE citations.chunk_id = moved.chunk_id""",
    f"""UPDATE citations SET start_offset = NULL, end_offset = NULL, bounding_box = NULL
        WHERE document_id = ?1 AND coalesce(chunk_id, 0) NOT IN ({_PAIRED})""",  # noqa: S608  # constants
    f"INSERT INTO outbox (chunk_id, document_id) SELECT id, document_id {_REPLACED} AND embedding IS NOT NULL",
    f"""INSERT INTO deep_outbox (chunk_id, document_id) SELECT id, document_id {_REPLACED}
        AND EXISTS (SELECT 1 FROM deep_embeddings WHERE chunk_id = chunks.id)""",  # noqa: S608  # constants
    f"DELETE {_REPLACED}",
    """UPDATE chunks SET position = -1 - staged.position, headings = staged.headings,
        start_offset = staged.start_offset, end_offset = staged.end_offset, page_start = staged.page_start,
        page_end = staged.page_end, token_count = staged.token_count, bounding_box = staged.bounding_box
        FROM staged_chunks AS staged WHERE staged.document_id = ?1 AND staged.chunk_id = chunks.id""",
    "UPDATE chunks SET position = -1 - position WHERE document_id = ?1 AND position < 0",
    f"""INSERT INTO chunks (document_id, position, text, context, headings, start_offset, end_offset,
            page_start, page_end, token_count, bounding_box, embedding)
        SELECT document_id, position, text, context, headings, start_offset, end_offset,
            page_start, page_end, token_count, bounding_box, embedding {_NEW} ORDER BY position""",
    f"""INSERT INTO outbox (chunk_id, document_id) SELECT id, document_id FROM chunks
        WHERE document_id = ?1 AND position IN (SELECT position {_NEW})""",  # noqa: S608  # constants
    "DELETE FROM text_pieces WHERE document_id = ?1",
    """INSERT INTO text_pieces (document_id, start, text)
        SELECT document_id, start, text FROM staged_pieces WHERE document_id = ?1""",
)  # fmt: skip


class Staging:
    """Implements `services.interfaces.staging_store.StagingStore`."""

    def __init__(self, database: Database, system: SystemScope) -> None:
        self._database = database
        self._system = system

    async def outdated(
        self, parser_version: int, without: Collection[DocumentId] = ()
    ) -> tuple[tuple[DocumentId, int], ...]:
        async with self._database.reading() as reader:
            rows = await fetch(reader, _OUTDATED, [parser_version, json_array(without), MAX_OUTDATED])
        return tuple((DocumentId(row[0]), int(row[1])) for row in rows)

    async def begin(self, document_id: DocumentId) -> None:
        async with self._database.writing() as transaction:
            await require_documents(transaction, self._system, [document_id])
            await clear_staged(transaction, document_id)

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        async with self._database.writing() as transaction:
            await execute(
                transaction,
                "INSERT INTO staged_pieces (document_id, start, text) VALUES (?, ?, ?)",
                [document_id, start, text],
            )

    async def add(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None:
        rows = [(*chunk_values(document_id, chunk), _digest(chunk.context, chunk.text)) for chunk in chunks]
        async with self._database.writing() as transaction:
            await execute_many(transaction, _INSERT, rows)

    async def keep_unchanged(self, document_id: DocumentId) -> int:
        paired, after = 0, -1
        while True:
            async with self._database.writing() as transaction:
                rows = await fetch(
                    transaction,
                    """SELECT id, position, context, text FROM chunks
                    WHERE document_id = ? AND position > ? AND embedding IS NOT NULL ORDER BY position LIMIT ?""",
                    [document_id, after, CHUNKS_PER_TRANSACTION],
                )
                if not rows:
                    return paired
                paired += await _pair(transaction, document_id, [(row[0], _digest(row[2], row[3])) for row in rows])
            after = rows[-1][1]

    async def unembedded(self, document_id: DocumentId, limit: int) -> tuple[StagedChunk, ...]:
        async with self._database.reading() as reader:
            rows = await fetch(
                reader,
                """SELECT id, text, context FROM staged_chunks
                WHERE document_id = ? AND chunk_id IS NULL AND embedding IS NULL ORDER BY position LIMIT ?""",
                [document_id, limit],
            )
        return tuple(StagedChunk(*row) for row in rows)

    async def store_embeddings(self, embeddings: Sequence[tuple[StagedChunk, bytes]]) -> None:
        async with self._database.writing() as transaction:
            await execute_many(
                transaction,
                "UPDATE staged_chunks SET embedding = ? WHERE id = ?",
                [(vector, chunk.id) for chunk, vector in embeddings],
            )

    async def switch(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord | None:
        async with self._database.writing() as transaction:
            if not await _is_ready(transaction, document_id):
                return None
            for statement in _SWITCH:
                await execute(transaction, statement, [document_id])
            await store_parse_results(transaction, document_id, parsed, DocumentStatus.READY, 1.0)
            await execute(transaction, "UPDATE documents SET embedded_chunks = chunk_count WHERE id = ?", [document_id])
            await recount_deep(transaction, document_id)
            await clear_staged(transaction, document_id)
            return await load_document(transaction, self._system, document_id)

    async def forget(self, document_id: DocumentId) -> None:
        async with self._database.writing() as transaction:
            await clear_staged(transaction, document_id)

    async def leave(self, document_id: DocumentId, parser_version: int) -> None:
        async with self._database.writing() as transaction:
            await clear_staged(transaction, document_id)
            if await _is_ready(transaction, document_id):
                await change_document(transaction, document_id, parser_version=parser_version)


async def clear_staged(transaction: BaseDBAsyncClient, document_id: DocumentId) -> None:
    """Remove the staged text and chunks of a document."""
    await execute(transaction, "DELETE FROM staged_chunks WHERE document_id = ?", [document_id])
    await execute(transaction, "DELETE FROM staged_pieces WHERE document_id = ?", [document_id])


async def _pair(transaction: BaseDBAsyncClient, document_id: DocumentId, present: Sequence[tuple[int, str]]) -> int:
    """Pair present chunks (id, digest) with staged ones of the same digest, in their order. Return the number of pairs."""
    unpaired: defaultdict[str, deque[int]] = defaultdict(deque)
    for row in await fetch(transaction, _UNPAIRED, [document_id, json_array({digest for _, digest in present})]):
        unpaired[row[0]].append(row[1])
    pairs: list[tuple[Any, ...]] = [
        (chunk_id, unpaired[digest].popleft()) for chunk_id, digest in present if unpaired[digest]
    ]
    await execute_many(transaction, "UPDATE staged_chunks SET chunk_id = ? WHERE id = ?", pairs)
    return len(pairs)


async def _is_ready(transaction: BaseDBAsyncClient, document_id: DocumentId) -> bool:
    return bool(await fetch_value(transaction, "SELECT status = 'READY' FROM documents WHERE id = ?", [document_id]))


def _digest(context: str, text: str) -> str:
    return hashlib.blake2b(f"{context}\0{text}".encode(), digest_size=16).hexdigest()
