"""Storage of documents, their extracted text and their headings, as requests read and change them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.daily_usage import add_usage
from persistence.access.scope_filter import includes_all, scope_filter, visible_documents
from persistence.access.users import require_account
from persistence.collections.collection_queries import require_collections
from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack, pack_any
from persistence.database.keyset_pages import count, page
from persistence.database.sqlite import execute, execute_many, fetch, fetch_value
from persistence.database.tables import Document, DocumentTag, Heading
from persistence.documents.document_queries import (
    WITH_ALL_TAGS,
    all_tags,
    change_document,
    list_documents,
    load_document,
    load_documents,
    require_changeable,
    require_documents,
)
from persistence.documents.extracted_text import read_text
from records.access import AccessLevel, AccessScope, AnyScope
from records.access.usage import DailyUsage
from records.document import (
    SEARCHABLE,
    UNCHANGED,
    DocumentChanges,
    DocumentRecord,
    DocumentStatus,
    HeadingRecord,
    NewDocument,
)
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.page import Page, PageRequest
from records.retrieval import SearchedDocuments
from records.values.text import comparison_key, encodable

_OF_OWNER = """
    SELECT id FROM documents
    WHERE owner_id IS ? AND owning_collection_id IS ? AND sha256 = ? AND status <> 'DELETING'
"""
_PLACE = "INSERT INTO collection_documents (collection_id, document_id) VALUES (?, ?)"
_ANY_SEARCHABLE = "SELECT 1 FROM documents WHERE status IN (SELECT value FROM json_each(?)) LIMIT 1"
_SEARCHED = """(
    id IN (SELECT value FROM json_each(?)) OR id IN (
        SELECT document_id FROM collection_documents WHERE collection_id IN (SELECT value FROM json_each(?))
    )
)"""


class Documents:
    """Implements `services.interfaces.document_store.DocumentStore`. A document in DELETING keeps this status."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, scope: AccessScope, new: NewDocument) -> tuple[DocumentRecord, bool]:
        collection_id = new.owning_collection_id
        async with self._database.writing() as transaction:
            await require_account(transaction, scope)
            existing = await _find_existing(transaction, scope, new)
            if existing is not None:
                return await load_document(transaction, scope, existing), True
            row = await Document.create(
                using_db=transaction,
                owner_id=scope.user_id if collection_id is None else None,
                owning_collection_id=collection_id,
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
            if collection_id is not None:
                await execute(transaction, _PLACE, [collection_id, row.id])
            await add_usage(transaction, scope, DailyUsage(uploaded_bytes=new.byte_size))
            return await load_document(transaction, scope, DocumentId(row.id)), False

    async def is_stored(self, scope: AccessScope, new: NewDocument) -> bool:
        async with self._database.snapshot() as reader:
            return await _find_existing(reader, scope, new) is not None

    async def require(self, scope: AnyScope, document_ids: Sequence[DocumentId]) -> None:
        async with self._database.reading() as reader:
            await require_documents(reader, scope, document_ids)

    async def get(self, scope: AnyScope, document_id: DocumentId) -> DocumentRecord:
        async with self._database.snapshot() as reader:
            return await load_document(reader, scope, document_id)

    async def find(self, scope: AnyScope, document_id: DocumentId) -> DocumentRecord | None:
        return (await self.find_many(scope, [document_id])).get(document_id)

    async def find_many(
        self, scope: AnyScope, document_ids: Sequence[DocumentId]
    ) -> Mapping[DocumentId, DocumentRecord]:
        async with self._database.snapshot() as reader:
            found = await load_documents(reader, scope, document_ids)
        return {record.id: record for record in found.values()}

    async def page(
        self, scope: AnyScope, filter: DocumentFilter, order: Order, request: PageRequest
    ) -> Page[DocumentRecord]:
        async with self._database.snapshot() as reader:
            listing = list_documents(scope, filter, order)
            return await page(reader, listing, request, lambda client, ids: load_documents(client, scope, ids))

    async def count(self, scope: AnyScope, filter: DocumentFilter) -> int:
        async with self._database.reading() as reader:
            return await count(reader, list_documents(scope, filter, Order("CREATED_AT")))

    async def update(self, scope: AnyScope, document_id: DocumentId, changes: DocumentChanges) -> DocumentRecord:
        columns: dict[str, Any] = {} if changes.name is None else _name_columns(changes.name)
        if changes.metadata is not UNCHANGED:
            columns["metadata"] = pack_any(changes.metadata)
        async with self._database.writing() as transaction:
            await require_documents(transaction, scope, [document_id])
            await require_changeable(transaction, scope, document_id)
            await change_document(transaction, document_id, **columns)
            if changes.tags is not None:
                await DocumentTag.filter(document_id=document_id).using_db(transaction).delete()
                await _add_tags(transaction, document_id, changes.tags)
            return await load_document(transaction, scope, document_id)

    async def require_changeable(self, scope: AnyScope, document_id: DocumentId) -> None:
        async with self._database.snapshot() as reader:
            await require_changeable(reader, scope, document_id)

    async def text(self, scope: AnyScope, document_id: DocumentId, offset: int, length: int) -> str:
        async with self._database.reading() as reader:
            return await read_text(reader, scope, document_id, offset, length)

    async def outline(self, scope: AnyScope, document_id: DocumentId) -> tuple[HeadingRecord, ...]:
        included = scope_filter(scope, "headings")
        async with self._database.reading() as reader:
            rows = await included.apply(Heading.filter(document_id=document_id)).using_db(reader).order_by("id")
        return tuple(HeadingRecord(row.text, row.level, row.start, row.page) for row in rows)

    async def resolve_scope(
        self, scope: AnyScope, searched: SearchedDocuments | None, tags: Sequence[str] | None
    ) -> tuple[DocumentId, ...] | None:
        is_selective = searched is not None or bool(tags)
        included = scope_filter(scope, "documents") if is_selective else visible_documents(scope)
        condition = included.unindexed if is_selective else f"id IN ({included.sql})"
        where = ["status IN (SELECT value FROM json_each(?))", condition]
        values: list[Any] = [json_array(SEARCHABLE), *included.values]
        async with self._database.snapshot() as reader:
            if not is_selective and await includes_all(reader, scope, "documents"):
                return None if await fetch(reader, _ANY_SEARCHABLE, [json_array(SEARCHABLE)]) else ()
            if searched is not None:
                await require_documents(reader, scope, searched.document_ids)
                await require_collections(reader, scope, searched.collection_ids)
                where.append(_SEARCHED)
                values += [json_array(searched.document_ids), json_array(searched.collection_ids)]
            if tags:
                where.append(WITH_ALL_TAGS)
                values += all_tags(tags)
            query = f"SELECT id FROM documents WHERE {' AND '.join(where)}"  # noqa: S608  # constants
            rows = await fetch(reader, f"{query} ORDER BY id", values)
        return tuple(DocumentId(row[0]) for row in rows)

    async def mark_deleting(self, scope: AnyScope, document_id: DocumentId) -> DocumentRecord:
        async with self._database.writing() as transaction:
            await require_changeable(transaction, scope, document_id)
            await change_document(transaction, document_id, status=DocumentStatus.DELETING.value)
            return await load_document(transaction, scope, document_id)


async def _add_tags(transaction: BaseDBAsyncClient, document_id: int, tags: Sequence[str]) -> None:
    """Store tags in their order. Of tags with the same comparison key, the first one is stored."""
    distinct: dict[str, str] = {}
    for tag in tags:
        distinct.setdefault(comparison_key(tag), encodable(tag))
    rows = [(document_id, tag, key) for key, tag in distinct.items()]
    await execute_many(transaction, "INSERT INTO document_tags (document_id, tag, tag_key) VALUES (?, ?, ?)", rows)


async def _find_existing(client: BaseDBAsyncClient, scope: AccessScope, new: NewDocument) -> DocumentId | None:
    """Return the document that the owner of a new document has with the same bytes, or None.

    Raises `NotFound` for an unknown collection, and `Forbidden` without the level WRITE in it.
    """
    collection_id = new.owning_collection_id
    if collection_id is not None:
        await require_collections(client, scope, [collection_id], AccessLevel.WRITE)
    owner_id = scope.user_id if collection_id is None else None
    found = await fetch_value(client, _OF_OWNER, [owner_id, collection_id, new.sha256])
    return None if found is None else DocumentId(found)


def _name_columns(name: str) -> dict[str, str]:
    return {"name": encodable(name), "name_key": comparison_key(name)}
