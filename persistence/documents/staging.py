"""What is read anew of a document that can be searched meanwhile: kept aside until it is whole, then switched to at once."""

import hashlib
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array
from persistence.database.sqlite import execute, execute_many, fetch, fetch_value
from persistence.documents.chunks import chunk_values
from persistence.documents.document_rows import change_document, load_document, require_documents
from persistence.documents.parse_results import store_learned
from persistence.documents.switching import SWITCH
from persistence.embeddings.embedders import recount_deep
from records.document import DocumentRecord, DocumentStatus, NewChunk, ParsedDocument, StagedChunk
from records.ids import DocumentId

BATCH = 500
MOST_OUTDATED = 1000

_OUTDATED = """
    SELECT id, byte_size FROM documents WHERE status = 'READY' AND has_original AND parser_version < ?
        AND id NOT IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM documents WHERE status IN ('PENDING', 'PARSING', 'CHUNKING', 'EMBEDDING'))
    ORDER BY id LIMIT ?
"""
_ADD = """
    INSERT INTO staged_chunks (document_id, position, text, context, bigrams, headings, start_offset, end_offset,
        page_start, page_end, token_count, bounding_box, digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_FREE = """
    SELECT digest, id FROM staged_chunks
    WHERE document_id = ? AND digest IN (SELECT value FROM json_each(?)) AND chunk_id IS NULL ORDER BY position
"""


class Staging:
    """Implements `services.interfaces.staging_store.StagingStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def outdated(
        self, parser_version: int, without: Collection[DocumentId] = ()
    ) -> tuple[tuple[DocumentId, int], ...]:
        async with self._database.reading() as reader:
            rows = await fetch(reader, _OUTDATED, [parser_version, json_array(without), MOST_OUTDATED])
        return tuple((DocumentId(row[0]), int(row[1])) for row in rows)

    async def begin(self, document_id: DocumentId) -> None:
        async with self._database.writing() as transaction:
            await require_documents(transaction, [document_id])
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
            await execute_many(transaction, _ADD, rows)

    async def keep_unchanged(self, document_id: DocumentId) -> int:
        kept, after = 0, -1
        while True:
            async with self._database.writing() as transaction:
                rows = await fetch(
                    transaction,
                    """SELECT id, position, context, text FROM chunks
                    WHERE document_id = ? AND position > ? AND embedding IS NOT NULL ORDER BY position LIMIT ?""",
                    [document_id, after, BATCH],
                )
                if not rows:
                    return kept
                kept += await _keep(transaction, document_id, [(row[0], _digest(row[2], row[3])) for row in rows])
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
            for statement in SWITCH:
                await execute(transaction, statement, [document_id])
            await store_learned(transaction, document_id, parsed, DocumentStatus.READY, 1.0)
            await execute(transaction, "UPDATE documents SET embedded_chunks = chunk_count WHERE id = ?", [document_id])
            await recount_deep(transaction, document_id)
            await clear_staged(transaction, document_id)
            return await load_document(transaction, document_id)

    async def forget(self, document_id: DocumentId) -> None:
        async with self._database.writing() as transaction:
            await clear_staged(transaction, document_id)

    async def leave(self, document_id: DocumentId, parser_version: int) -> None:
        async with self._database.writing() as transaction:
            await clear_staged(transaction, document_id)
            if await _is_ready(transaction, document_id):
                await change_document(transaction, document_id, parser_version=parser_version)


async def clear_staged(transaction: BaseDBAsyncClient, document_id: DocumentId) -> None:
    await execute(transaction, "DELETE FROM staged_chunks WHERE document_id = ?", [document_id])
    await execute(transaction, "DELETE FROM staged_pieces WHERE document_id = ?", [document_id])


async def _keep(transaction: BaseDBAsyncClient, document_id: DocumentId, present: Sequence[tuple[int, str]]) -> int:
    """Pair chunks, given with their digests, with what is staged: the first with the first among equal ones."""
    free: defaultdict[str, deque[int]] = defaultdict(deque)
    for row in await fetch(transaction, _FREE, [document_id, json_array({digest for _, digest in present})]):
        free[row[0]].append(row[1])
    pairs: list[tuple[Any, ...]] = [(chunk_id, free[digest].popleft()) for chunk_id, digest in present if free[digest]]
    await execute_many(transaction, "UPDATE staged_chunks SET chunk_id = ? WHERE id = ?", pairs)
    return len(pairs)


async def _is_ready(transaction: BaseDBAsyncClient, document_id: DocumentId) -> bool:
    return bool(await fetch_value(transaction, "SELECT status = 'READY' FROM documents WHERE id = ?", [document_id]))


def _digest(context: str, text: str) -> str:
    return hashlib.blake2b(f"{context}\0{text}".encode(), digest_size=16).hexdigest()
