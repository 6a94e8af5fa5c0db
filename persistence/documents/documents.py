"""Storage of documents, their extracted text and their headings."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack, pack_any, pack_or_none
from persistence.database.keyset_pages import count, page
from persistence.database.sqlite import execute_many, fetch, fetch_value
from persistence.database.tables import Document, DocumentTag, Heading
from persistence.documents.document_erasure import count_deep_vectors, count_keyword_entries, erase_content
from persistence.documents.document_queries import (
    WITH_ALL_TAGS,
    all_tags,
    change_document,
    list_documents,
    load_document,
    load_documents,
    require_documents,
)
from persistence.documents.extracted_text import append_text, read_text
from persistence.documents.parse_results import store_parse_results
from records.document import (
    SEARCHABLE,
    UNCHANGED,
    Chunking,
    DocumentChanges,
    DocumentRecord,
    DocumentStatus,
    EraseReceipt,
    HeadingRecord,
    IngestionError,
    NewDocument,
    ParsedDocument,
)
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.page import Page, PageRequest
from records.values.text import comparison_key, encodable

MAX_WAITING = 10_000
"""Maximum number of documents that `waiting` returns."""


class Documents:
    """Implements `services.interfaces.document_store.DocumentStore`. A document in DELETING keeps this status."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewDocument) -> tuple[DocumentRecord, bool]:
        async with self._database.writing() as transaction:
            existing = await _find_by_sha256(transaction, new.sha256)
            if existing is not None:
                return await load_document(transaction, existing), True
            row = await Document.create(
                using_db=transaction,
                **_name_columns(new.name),
                media_type=encodable(new.media_type),
                byte_size=new.byte_size,
                sha256=new.sha256,
                source=new.source.value,
                source_uri=new.source_uri and encodable(new.source_uri),
                status=DocumentStatus.PENDING.value,
                metadata=pack_any(new.metadata),
                chunking=pack(new.chunking),
                created_at=now(),
                updated_at=now(),
            )
            await _add_tags(transaction, row.id, new.tags)
            return await load_document(transaction, DocumentId(row.id)), False

    async def get(self, document_id: DocumentId) -> DocumentRecord:
        async with self._database.snapshot() as reader:
            return await load_document(reader, document_id)

    async def find(self, document_id: DocumentId) -> DocumentRecord | None:
        return (await self.find_many([document_id])).get(document_id)

    async def find_many(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, DocumentRecord]:
        async with self._database.snapshot() as reader:
            found = await load_documents(reader, document_ids)
        return {record.id: record for record in found.values()}

    async def page(self, filter: DocumentFilter, order: Order, request: PageRequest) -> Page[DocumentRecord]:
        async with self._database.snapshot() as reader:
            return await page(reader, list_documents(filter, order), request, load_documents)

    async def count(self, filter: DocumentFilter) -> int:
        async with self._database.reading() as reader:
            return await count(reader, list_documents(filter, Order("CREATED_AT")))

    async def with_status(self, statuses: Sequence[DocumentStatus], limit: int = 1000) -> tuple[DocumentRecord, ...]:
        async with self._database.snapshot() as reader:
            rows = await fetch(
                reader,
                "SELECT id FROM documents WHERE status IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
                [json_array(statuses), limit],
            )
            found = await load_documents(reader, [row[0] for row in rows])
        return tuple(found[row[0]] for row in rows)

    async def waiting(self, statuses: Sequence[DocumentStatus]) -> tuple[tuple[DocumentId, int], ...]:
        async with self._database.reading() as reader:
            rows = await fetch(
                reader,
                "SELECT id, byte_size FROM documents WHERE status IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
                [json_array(statuses), MAX_WAITING],
            )
        return tuple((DocumentId(row[0]), int(row[1])) for row in rows)

    async def update(self, document_id: DocumentId, changes: DocumentChanges) -> DocumentRecord:
        columns: dict[str, Any] = {} if changes.name is None else _name_columns(changes.name)
        if changes.metadata is not UNCHANGED:
            columns["metadata"] = pack_any(changes.metadata)
        async with self._database.writing() as transaction:
            await require_documents(transaction, [document_id])
            await change_document(transaction, document_id, **columns)
            if changes.tags is not None:
                await DocumentTag.filter(document_id=document_id).using_db(transaction).delete()
                await _add_tags(transaction, document_id, changes.tags)
            return await load_document(transaction, document_id)

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
            return await load_document(transaction, document_id)

    async def restart(self, document_id: DocumentId, chunking: Chunking | None = None) -> DocumentRecord:
        """Hide the document from search first, then erase its content."""
        async with self._database.writing() as transaction:
            await require_documents(transaction, [document_id])
            await change_document(transaction, document_id, **_NOT_PARSED)
        await erase_content(self._database, document_id)
        columns = _NOT_PARSED if chunking is None else {**_NOT_PARSED, "chunking": pack(chunking)}
        async with self._database.writing() as transaction:
            await change_document(transaction, document_id, **columns)
            return await load_document(transaction, document_id)

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        async with self._database.writing() as transaction:
            await require_documents(transaction, [document_id])
            await append_text(transaction, document_id, start, text)

    async def finish_parsing(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord:
        async with self._database.writing() as transaction:
            await store_parse_results(transaction, document_id, parsed, DocumentStatus.EMBEDDING, 0.0)
            return await load_document(transaction, document_id)

    async def text(self, document_id: DocumentId, offset: int, length: int) -> str:
        async with self._database.reading() as reader:
            return await read_text(reader, document_id, offset, length)

    async def outline(self, document_id: DocumentId) -> tuple[HeadingRecord, ...]:
        async with self._database.reading() as reader:
            rows = await Heading.filter(document_id=document_id).using_db(reader).order_by("id")
        return tuple(HeadingRecord(row.text, row.level, row.start, row.page) for row in rows)

    async def resolve_scope(
        self, document_ids: Sequence[DocumentId] | None, tags: Sequence[str] | None
    ) -> tuple[DocumentId, ...] | None:
        if document_ids is None and not tags:
            return None
        where = ["status IN (SELECT value FROM json_each(?))"]
        values: list[Any] = [json_array(SEARCHABLE)]
        async with self._database.snapshot() as reader:
            if document_ids is not None:
                await require_documents(reader, document_ids)
                where.append("id IN (SELECT value FROM json_each(?))")
                values.append(json_array(document_ids))
            if tags:
                where.append(WITH_ALL_TAGS)
                values += all_tags(tags)
            query = f"SELECT id FROM documents WHERE {' AND '.join(where)} ORDER BY id"  # noqa: S608  # constants
            rows = await fetch(reader, query, values)
        return tuple(DocumentId(row[0]) for row in rows)

    async def mark_deleting(self, document_id: DocumentId) -> DocumentRecord:
        async with self._database.writing() as transaction:
            await change_document(transaction, document_id, status=DocumentStatus.DELETING.value)
            return await load_document(transaction, document_id)

    async def erase(self, document_id: DocumentId) -> EraseReceipt:
        """Erase a document. The receipt of a document that was erased before is empty."""
        before = await self._count_content(document_id)
        erased = await erase_content(self._database, document_id)
        async with self._database.writing() as transaction:
            await Document.filter(id=document_id).using_db(transaction).delete()
        after = await self._count_content(document_id)
        chunks, entries, vectors = (first - last for first, last in zip(before, after, strict=True))
        return EraseReceipt(chunks=chunks, keyword_entries=entries, vectors=vectors, bytes=erased)

    async def original_in_use(self, sha256: str) -> bool:
        async with self._database.reading() as reader:
            return await _find_by_sha256(reader, sha256) is not None

    async def _count_content(self, document_id: DocumentId) -> tuple[int, int, int]:
        """Return the numbers of chunks, keyword entries and vectors of deep embedders."""
        async with self._database.snapshot() as reader:
            chunks = await fetch_value(reader, "SELECT count(*) FROM chunks WHERE document_id = ?", [document_id])
            entries = await count_keyword_entries(reader, document_id)
            return int(chunks), entries, await count_deep_vectors(reader, document_id)


_NOT_PARSED: Mapping[str, Any] = {
    "status": DocumentStatus.PENDING.value, "progress": 0.0, "error": None, "title": None,
    "page_count": None, "character_count": None, "token_count": None, "chunk_count": 0,
    "embedded_chunks": 0, "coverage": None, "properties": None, "parser_version": 0,
}  # fmt: skip


async def _add_tags(transaction: BaseDBAsyncClient, document_id: int, tags: Sequence[str]) -> None:
    """Store tags in their order. The first of several equal ones (by comparison key) is stored."""
    distinct: dict[str, str] = {}
    for tag in tags:
        distinct.setdefault(comparison_key(tag), encodable(tag))
    rows = [(document_id, tag, key) for key, tag in distinct.items()]
    await execute_many(transaction, "INSERT INTO document_tags (document_id, tag, tag_key) VALUES (?, ?, ?)", rows)


async def _find_by_sha256(client: BaseDBAsyncClient, sha256: str) -> DocumentId | None:
    found = await fetch_value(client, "SELECT id FROM documents WHERE sha256 = ? AND status <> 'DELETING'", [sha256])
    return None if found is None else DocumentId(found)


def _name_columns(name: str) -> dict[str, str]:
    return {"name": encodable(name), "name_key": comparison_key(name)}
