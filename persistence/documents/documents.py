"""Documents: what is known of each, from its arrival to the last trace of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack, pack_any, pack_or_none
from persistence.database.keyset_pages import By, Order, count, page
from persistence.database.sqlite import execute_many, fetch, fetch_value
from persistence.database.tables import Document, DocumentTag, Heading
from persistence.documents import texts
from persistence.documents.document_rows import (
    WITH_EVERY_TAG,
    Filter,
    change_document,
    every_tag,
    listing,
    load_document,
    load_documents,
    require_documents,
)
from persistence.documents.erasing import deep_vectors, erase_content, keyword_entries
from persistence.documents.parse_results import store_learned
from records.document import (
    SEARCHABLE,
    Chunking,
    DocumentRecord,
    DocumentStatus,
    EraseReceipt,
    HeadingRecord,
    IngestionError,
    NewDocument,
    ParsedDocument,
)
from records.ids import DocumentId
from records.page import Page, PageRequest
from records.system import StorageCounts
from records.values.text import encodable

MOST_WAITING = 10_000
_COUNTS = """
    SELECT (SELECT count(*) FROM documents WHERE status <> 'DELETING') AS documents,
        (SELECT coalesce(sum(chunk_count), 0) FROM documents WHERE status <> 'DELETING') AS chunks,
        (SELECT coalesce(sum(embedded_chunks), 0) FROM documents WHERE status <> 'DELETING') AS embedded_chunks,
        (SELECT count(*) FROM sessions) AS sessions,
        (SELECT coalesce(sum(message_count), 0) FROM sessions) AS messages
"""


class Documents:
    """Implements `services.interfaces.document_store.DocumentStore`. What is being deleted is never woken up again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewDocument) -> tuple[DocumentRecord, bool]:
        async with self._database.writing() as transaction:
            known = await _with_sha256(transaction, new.sha256)
            if known is not None:
                return await load_document(transaction, known), True
            row = await Document.create(
                using_db=transaction,
                **_naming(new.name),
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
            await _tag(transaction, row.id, new.tags)
            return await load_document(transaction, DocumentId(row.id)), False

    async def get(self, document_id: DocumentId) -> DocumentRecord:
        async with self._database.snapshot() as reader:
            return await load_document(reader, document_id)

    async def find(self, document_id: DocumentId) -> DocumentRecord | None:
        return (await self.find_many([document_id])).get(document_id)

    async def find_by_sha256(self, sha256: str) -> DocumentRecord | None:
        async with self._database.snapshot() as reader:
            known = await _with_sha256(reader, sha256)
            return None if known is None else await load_document(reader, known)

    async def find_many(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, DocumentRecord]:
        async with self._database.snapshot() as reader:
            found = await load_documents(reader, document_ids)
        return {record.id: record for record in found.values()}

    async def page(self, filter: Filter, order: Order, request: PageRequest) -> Page[DocumentRecord]:
        async with self._database.snapshot() as reader:
            return await page(reader, listing(filter, order), request, load_documents)

    async def count(self, filter: Filter) -> int:
        async with self._database.reading() as reader:
            return await count(reader, listing(filter, By("CREATED_AT")))

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
                [json_array(statuses), MOST_WAITING],
            )
        return tuple((DocumentId(row[0]), int(row[1])) for row in rows)

    async def update(
        self, document_id: DocumentId, *, name: str | None = None, tags: Sequence[str] | None = None, **metadata: Any
    ) -> DocumentRecord:
        if metadata.keys() - {"metadata"}:
            raise TypeError(f"a document has no {', '.join(sorted(metadata))} to change")
        changes: dict[str, Any] = {} if name is None else _naming(name)
        if "metadata" in metadata:
            changes["metadata"] = pack_any(metadata["metadata"])
        async with self._database.writing() as transaction:
            await require_documents(transaction, [document_id])
            await change_document(transaction, document_id, **changes)
            if tags is not None:
                await DocumentTag.filter(document_id=document_id).using_db(transaction).delete()
                await _tag(transaction, document_id, tags)
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
        """Hidden from search first, emptied then."""
        status = DocumentStatus.PENDING.value
        async with self._database.writing() as transaction:
            await require_documents(transaction, [document_id])
            await change_document(transaction, document_id, status=status, **_NOTHING_KNOWN)
        await erase_content(self._database, document_id)
        changes = {} if chunking is None else {"chunking": pack(chunking)}
        async with self._database.writing() as transaction:
            await change_document(transaction, document_id, status=status, **_NOTHING_KNOWN, **changes)
            return await load_document(transaction, document_id)

    async def append_text(self, document_id: DocumentId, start: int, text: str) -> None:
        async with self._database.writing() as transaction:
            await require_documents(transaction, [document_id])
            await texts.append(transaction, document_id, start, text)

    async def finish_parsing(self, document_id: DocumentId, parsed: ParsedDocument) -> DocumentRecord:
        async with self._database.writing() as transaction:
            await store_learned(transaction, document_id, parsed, DocumentStatus.EMBEDDING, 0.0)
            return await load_document(transaction, document_id)

    async def text(self, document_id: DocumentId, offset: int, length: int) -> str:
        async with self._database.reading() as reader:
            return await texts.read(reader, document_id, offset, length)

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
                where.append(WITH_EVERY_TAG)
                values += every_tag(tags)
            query = f"SELECT id FROM documents WHERE {' AND '.join(where)} ORDER BY id"  # noqa: S608  # our own parts
            rows = await fetch(reader, query, values)
        return tuple(DocumentId(row[0]) for row in rows)

    async def mark_deleting(self, document_id: DocumentId) -> DocumentRecord:
        async with self._database.writing() as transaction:
            await change_document(transaction, document_id, status=DocumentStatus.DELETING.value)
            return await load_document(transaction, document_id)

    async def erase(self, document_id: DocumentId) -> EraseReceipt:
        """Also where nothing is left of it: that gives an empty receipt."""
        before = await self._left(document_id)
        freed = await erase_content(self._database, document_id)
        async with self._database.writing() as transaction:
            await Document.filter(id=document_id).using_db(transaction).delete()
        after = await self._left(document_id)
        chunks, words, deep = (was - left for was, left in zip(before, after, strict=True))
        return EraseReceipt(chunks=chunks, keyword_entries=words, vectors=deep, bytes=freed)

    async def original_in_use(self, sha256: str) -> bool:
        async with self._database.reading() as reader:
            return await _with_sha256(reader, sha256) is not None

    async def storage_counts(self) -> StorageCounts:
        async with self._database.reading() as reader:
            counted = (await fetch(reader, _COUNTS))[0]
        return StorageCounts(**dict(counted), database_bytes=await self._database.byte_size())

    async def _left(self, document_id: DocumentId) -> tuple[int, int, int]:
        """Chunks, keyword entries and vectors of deep embedders."""
        async with self._database.snapshot() as reader:
            chunks = await fetch_value(reader, "SELECT count(*) FROM chunks WHERE document_id = ?", [document_id])
            return int(chunks), await keyword_entries(reader, document_id), await deep_vectors(reader, document_id)


_NOTHING_KNOWN: Mapping[str, Any] = {
    "progress": 0.0, "error": None, "title": None, "page_count": None, "character_count": None, "token_count": None,
    "chunk_count": 0, "embedded_chunks": 0, "coverage": None, "properties": None, "parser_version": 0,
}  # fmt: skip


async def _tag(transaction: BaseDBAsyncClient, document_id: int, tags: Sequence[str]) -> None:
    rows = [(document_id, tag) for tag in dict.fromkeys(encodable(tag) for tag in tags)]
    await execute_many(transaction, "INSERT INTO document_tags (document_id, tag) VALUES (?, ?)", rows)


async def _with_sha256(client: BaseDBAsyncClient, sha256: str) -> DocumentId | None:
    found = await fetch_value(client, "SELECT id FROM documents WHERE sha256 = ? AND status <> 'DELETING'", [sha256])
    return None if found is None else DocumentId(found)


def _naming(name: str) -> dict[str, str]:
    return {"name": encodable(name), "folded_name": encodable(name.casefold())}
