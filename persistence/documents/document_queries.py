"""Queries of documents: filters and orders as SQL, and conversion of rows to records."""

from collections.abc import Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.json_columns import json_array, now, unpack, unpack_any
from persistence.database.keyset_pages import Listing
from persistence.database.sqlite import batches, fetch
from persistence.database.tables import Document
from records.document import (
    Chunking,
    DocumentRecord,
    DocumentSource,
    DocumentStatus,
    ExtractionCoverage,
    IngestionError,
)
from records.errors import NotFound
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.values.text import comparison_key

_KEYS: dict[str, tuple[str, type]] = {
    "CREATED_AT": ("documents.created_at", str),
    "NAME": ("documents.name_key", str),
    "BYTE_SIZE": ("documents.byte_size", int),
}
WITH_ALL_TAGS = """documents.id IN (
    SELECT document_id FROM document_tags WHERE tag_key IN (SELECT value FROM json_each(?))
    GROUP BY document_id HAVING count(*) = ?
)"""


def list_documents(filter: DocumentFilter, order: Order) -> Listing:
    """Return the list of documents that match a filter. Documents in DELETING are left out unless the filter names them."""
    key, key_type = _KEYS[order.field]
    where, values = _conditions(filter)
    return Listing(
        order=f"documents {order.field}",
        source="documents",
        key=key,
        id="documents.id",
        key_type=key_type,
        where=" AND ".join(where),
        values=tuple(values),
        descending=order.descending,
    )


def _conditions(filter: DocumentFilter) -> tuple[list[str], list[Any]]:
    where, values = ["documents.status <> 'DELETING'"], list[Any]()
    if filter.status is not None:
        where = ["documents.status IN (SELECT value FROM json_each(?))"]
        values.append(json_array(filter.status))
    if filter.name_contains is not None:
        where.append("instr(documents.name_key, ?) > 0")
        values.append(comparison_key(filter.name_contains))
    if filter.media_type is not None:
        where.append("documents.media_type IN (SELECT value FROM json_each(?))")
        values.append(json_array(filter.media_type))
    if filter.tags:
        where.append(WITH_ALL_TAGS)
        values += all_tags(filter.tags)
    if filter.session_id is not None:
        where.append("documents.id IN (SELECT document_id FROM session_documents WHERE session_id = ?)")
        values.append(filter.session_id)
    return where, values


def all_tags(tags: Sequence[str]) -> tuple[str, int]:
    """Return the values of the parameters of `WITH_ALL_TAGS`."""
    distinct = {comparison_key(tag) for tag in tags}
    return json_array(sorted(distinct)), len(distinct)


async def load_documents(client: BaseDBAsyncClient, ids: Sequence[int]) -> dict[int, DocumentRecord]:
    """Return the known documents among `ids`, by id."""
    found: dict[int, DocumentRecord] = {}
    for batch in batches(ids):
        for row in await Document.filter(id__in=batch).using_db(client).prefetch_related("tags"):
            found[row.id] = _to_record(row)
    return found


async def load_document(client: BaseDBAsyncClient, document_id: DocumentId) -> DocumentRecord:
    """Return a document. Raises `NotFound`."""
    found = await load_documents(client, [document_id])
    if document_id not in found:
        raise NotFound("document", document_id)
    return found[document_id]


async def require_documents(client: BaseDBAsyncClient, document_ids: Sequence[DocumentId]) -> None:
    """Raise `NotFound` for the first id that is unknown or whose document is in DELETING."""
    rows = await fetch(
        client,
        "SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND status <> 'DELETING'",
        [json_array(document_ids)],
    )
    known = {row[0] for row in rows}
    for document_id in document_ids:
        if document_id not in known:
            raise NotFound("document", document_id)


async def change_document(transaction: BaseDBAsyncClient, document_id: DocumentId, **columns: Any) -> None:
    """Set columns of a document. No-op for a document in DELETING."""
    not_deleting = Document.filter(id=document_id).exclude(status=DocumentStatus.DELETING.value)
    await not_deleting.using_db(transaction).update(**columns, updated_at=now())


def _to_record(row: Document) -> DocumentRecord:
    return DocumentRecord(
        id=DocumentId(row.id),
        name=row.name,
        title=row.title,
        media_type=row.media_type,
        byte_size=row.byte_size,
        sha256=row.sha256,
        source=DocumentSource(row.source),
        source_uri=row.source_uri,
        status=DocumentStatus(row.status),
        progress=row.progress,
        error=unpack(row.error, IngestionError),
        page_count=row.page_count,
        character_count=row.character_count,
        token_count=row.token_count,
        chunk_count=row.chunk_count,
        embedded_chunks=row.embedded_chunks,
        tags=tuple(tag.tag for tag in sorted(row.tags, key=lambda tag: tag.id)),
        metadata=unpack_any(row.metadata),
        coverage=unpack(row.coverage, ExtractionCoverage),
        chunking=unpack(row.chunking, Chunking),
        has_original=row.has_original,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
