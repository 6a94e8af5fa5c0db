"""Storage of the documents of all users, as ingestion reads and changes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack, pack_or_none
from persistence.database.sqlite import execute, execute_many, fetch, fetch_value
from persistence.database.tables import Chunk, Document
from persistence.documents.chunks import CHUNK_COLUMNS, chunk_from_row, chunk_values
from persistence.documents.document_erasure import count_deep_vectors, count_keyword_entries, erase_content
from persistence.documents.document_queries import change_document, load_document, load_documents, require_documents
from persistence.documents.extracted_text import append_text
from persistence.documents.parse_results import store_parse_results
from records.access import SystemScope
from records.document import (
    Chunking,
    ChunkRecord,
    DocumentRecord,
    DocumentStatus,
    EraseReceipt,
    IngestionError,
    NewChunk,
    ParsedDocument,
)
from records.ids import ChunkId, DocumentId

MAX_WAITING = 10_000
"""Maximum number of documents that `waiting` returns."""

_INSERT = """
    INSERT INTO chunks (document_id, position, text, context, headings, start_offset, end_offset,
        page_start, page_end, token_count, bounding_box)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE_PROGRESS = """
    UPDATE documents SET embedded_chunks = chunk_count - missing.chunks, updated_at = ?,
        progress = CASE WHEN chunk_count > 0 THEN 1.0 * (chunk_count - missing.chunks) / chunk_count ELSE 1.0 END
    FROM (SELECT count(*) AS chunks FROM chunks WHERE document_id = ? AND embedding IS NULL) AS missing
    WHERE documents.id = ?
"""
_AWAITING_SHA256 = "SELECT id FROM documents WHERE sha256 = ? AND status NOT IN ('READY', 'DELETING') LIMIT 1"
_WITH_SHA256 = "SELECT id FROM documents WHERE sha256 = ? AND status <> 'DELETING' LIMIT 1"
_NOT_PARSED: Mapping[str, Any] = {
    "status": DocumentStatus.PENDING.value, "progress": 0.0, "error": None, "title": None,
    "page_count": None, "character_count": None, "token_count": None, "chunk_count": 0,
    "embedded_chunks": 0, "coverage": None, "properties": None, "parser_version": 0,
}  # fmt: skip


class IngestedDocuments:
    """Implements `services.interfaces.ingestion_store.IngestionStore`. A document in DELETING keeps this status."""

    def __init__(self, database: Database, system: SystemScope) -> None:
        self._database = database
        self._system = system

    async def get(self, document_id: DocumentId) -> DocumentRecord:
        async with self._database.snapshot() as reader:
            return await load_document(reader, self._system, document_id)

    async def find(self, document_id: DocumentId) -> DocumentRecord | None:
        async with self._database.snapshot() as reader:
            return (await load_documents(reader, self._system, [document_id])).get(document_id)

    async def with_status(self, statuses: Sequence[DocumentStatus], limit: int = 1000) -> tuple[DocumentRecord, ...]:
        async with self._database.snapshot() as reader:
            rows = await fetch(
                reader,
                "SELECT id FROM documents WHERE status IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
                [json_array(statuses), limit],
            )
            found = await load_documents(reader, self._system, [row[0] for row in rows])
        return tuple(found[row[0]] for row in rows)

    async def waiting(self, statuses: Sequence[DocumentStatus]) -> tuple[tuple[DocumentId, int], ...]:
        async with self._database.reading() as reader:
            rows = await fetch(
                reader,
                "SELECT id, byte_size FROM documents WHERE status IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
                [json_array(statuses), MAX_WAITING],
            )
        return tuple((DocumentId(row[0]), int(row[1])) for row in rows)

    async def set_status(
        self,
        document_id: DocumentId,
        status: DocumentStatus,
        *,
        progress: float = 0.0,
        error: IngestionError | None = None,
    ) -> DocumentRecord:
        async with self._database.writing() as transaction:
            await change_document(
                transaction, document_id, status=status.value, progress=progress, error=pack_or_none(error)
            )
            return await load_document(transaction, self._system, document_id)

    async def restart(self, document_id: DocumentId, chunking: Chunking | None = None) -> DocumentRecord:
        """Hide the document from search first, then erase its content."""
        async with self._database.writing() as transaction:
            await require_documents(transaction, self._system, [document_id])
            await change_document(transaction, document_id, **_NOT_PARSED)
        await erase_content(self._database, document_id)
        columns = _NOT_PARSED if chunking is None else {**_NOT_PARSED, "chunking": pack(chunking)}
        async with self._database.writing() as transaction:
            await change_document(transaction, document_id, **columns)
            return await load_document(transaction, self._system, document_id)

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        async with self._database.writing() as transaction:
            await require_documents(transaction, self._system, [document_id])
            await append_text(transaction, document_id, start, text)

    async def add_chunks(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None:
        async with self._database.writing() as transaction:
            await require_documents(transaction, self._system, [document_id])
            await execute_many(transaction, _INSERT, [chunk_values(document_id, chunk) for chunk in chunks])

    async def unembedded(self, document_id: DocumentId, limit: int) -> tuple[ChunkRecord, ...]:
        async with self._database.reading() as reader:
            without_embedding = Chunk.filter(document_id=document_id, embedding__isnull=True)
            rows = await without_embedding.only(*CHUNK_COLUMNS).order_by("position").limit(limit).using_db(reader)
        return tuple(chunk_from_row(row) for row in rows)

    async def store_embeddings(
        self, document_id: DocumentId, embeddings: Sequence[tuple[ChunkId, bytes]]
    ) -> DocumentRecord:
        async with self._database.writing() as transaction:
            await execute_many(
                transaction,
                "UPDATE chunks SET embedding = ? WHERE id = ? AND document_id = ?",
                [(vector, chunk_id, document_id) for chunk_id, vector in embeddings],
            )
            await execute_many(
                transaction,
                "INSERT INTO outbox (chunk_id, document_id) VALUES (?, ?)",
                [(chunk_id, document_id) for chunk_id, _ in embeddings],
            )
            await execute(transaction, _UPDATE_PROGRESS, [now(), document_id, document_id])
            return await load_document(transaction, self._system, document_id)

    async def finish_parsing(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord:
        async with self._database.writing() as transaction:
            await store_parse_results(transaction, document_id, parsed, DocumentStatus.EMBEDDING, 0.0)
            return await load_document(transaction, self._system, document_id)

    async def erase(self, document_id: DocumentId) -> EraseReceipt:
        """Erase a document. The receipt of a document that was erased before is empty."""
        before = await self._count_content(document_id)
        erased = await erase_content(self._database, document_id)
        async with self._database.writing() as transaction:
            await Document.filter(id=document_id).using_db(transaction).delete()
        after = await self._count_content(document_id)
        chunks, entries, vectors = (first - last for first, last in zip(before, after, strict=True))
        return EraseReceipt(chunks=chunks, keyword_entries=entries, vectors=vectors, bytes=erased)

    async def original_awaited(self, sha256: str) -> bool:
        async with self._database.reading() as reader:
            return await fetch_value(reader, _AWAITING_SHA256, [sha256]) is not None

    async def original_in_use(self, sha256: str) -> bool:
        async with self._database.reading() as reader:
            return await fetch_value(reader, _WITH_SHA256, [sha256]) is not None

    async def _count_content(self, document_id: DocumentId) -> tuple[int, int, int]:
        """Return the numbers of chunks, keyword entries and vectors of deep embedders."""
        async with self._database.snapshot() as reader:
            chunks = await fetch_value(reader, "SELECT count(*) FROM chunks WHERE document_id = ?", [document_id])
            entries = await count_keyword_entries(reader, document_id)
            return int(chunks), entries, await count_deep_vectors(reader, document_id)
