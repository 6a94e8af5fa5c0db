"""Queries of documents: filters and orders as SQL, and conversion of rows to records."""

from collections.abc import Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import changeable_documents, collections_of, scope_filter
from persistence.database.json_columns import json_array, now, unpack, unpack_any
from persistence.database.keyset_pages import Listing
from persistence.database.sqlite import batches, fetch
from persistence.database.tables import Document
from records.access import AnyScope
from records.document import (
    Chunking,
    DocumentRecord,
    DocumentSource,
    DocumentStatus,
    ExtractionCoverage,
    IngestionError,
)
from records.errors import Forbidden, NotFound
from records.filters import DocumentFilter, Order
from records.ids import CollectionId, DocumentId, SessionId, UserId
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

_IN_COLLECTION = """documents.id IN (
    SELECT document_id FROM collection_documents WHERE collection_id = ? AND collection_id IN ({visible})
)"""
_CHANGEABLE = "SELECT id FROM documents WHERE id = ? AND {included}"
_PRESENT = """
    SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND status <> 'DELETING' AND {included}
"""


def list_documents(scope: AnyScope, filter: DocumentFilter, order: Order) -> Listing:
    """Return the list of the scope's documents that match a filter.

    Documents in DELETING are left out unless the filter names them.
    """
    key, key_type = _KEYS[order.field]
    where, values = _conditions(scope, filter)
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


def _conditions(scope: AnyScope, filter: DocumentFilter) -> tuple[list[str], list[Any]]:
    where, values = ["documents.status <> 'DELETING'"], list[Any]()
    if filter.status is not None:
        where = ["documents.status IN (SELECT value FROM json_each(?))"]
        values.append(json_array(filter.status))
    included = scope_filter(scope, "documents")
    where.append(included.unindexed)
    values += included.values
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
        condition, of_session = _attached_to(scope, filter.session_id)
        where.append(condition)
        values += of_session
    if filter.collection_id is not None:
        visible = collections_of(scope)
        where.append(_IN_COLLECTION.format(visible=visible.sql))
        values += [filter.collection_id, *visible.values]
    return where, values


def _attached_to(scope: AnyScope, session_id: SessionId) -> tuple[str, tuple[Any, ...]]:
    """Return the condition that a document is attached to a session of the scope, and its values."""
    included = scope_filter(scope, "sessions")
    attached = "SELECT document_id FROM session_documents JOIN sessions ON sessions.id = session_documents.session_id"
    condition = f"documents.id IN ({attached} WHERE sessions.id = ? AND {included.unindexed})"  # constants
    return condition, (session_id, *included.values)


def all_tags(tags: Sequence[str]) -> tuple[str, int]:
    """Return the values of the parameters of `WITH_ALL_TAGS`."""
    distinct = {comparison_key(tag) for tag in tags}
    return json_array(sorted(distinct)), len(distinct)


async def load_documents(client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[int]) -> dict[int, DocumentRecord]:
    """Return the documents of the scope among `ids`, by id."""
    included = scope_filter(scope, "documents")
    found: dict[int, DocumentRecord] = {}
    for batch in batches(ids):
        rows = included.apply(Document.filter(id__in=batch)).using_db(client)
        for row in await rows.prefetch_related("tags", "placements"):
            found[row.id] = _to_record(row)
    return found


async def load_document(client: BaseDBAsyncClient, scope: AnyScope, document_id: DocumentId) -> DocumentRecord:
    """Return a document. Raises `NotFound`."""
    found = await load_documents(client, scope, [document_id])
    if document_id not in found:
        raise NotFound("document", document_id)
    return found[document_id]


async def require_documents(client: BaseDBAsyncClient, scope: AnyScope, document_ids: Sequence[DocumentId]) -> None:
    """Raise `NotFound` for the first id that the scope does not include or whose document is in DELETING."""
    included = scope_filter(scope, "documents")
    query = _PRESENT.format(included=included.unindexed)
    rows = await fetch(client, query, [json_array(document_ids), *included.values])
    known = {row[0] for row in rows}
    for document_id in document_ids:
        if document_id not in known:
            raise NotFound("document", document_id)


async def require_changeable(client: BaseDBAsyncClient, scope: AnyScope, document_id: DocumentId) -> None:
    """Raise `NotFound` for a document outside of the scope, and `Forbidden` for one that the user may only read."""
    await load_document(client, scope, document_id)
    included = changeable_documents(scope)
    query = _CHANGEABLE.format(included=included.sql)
    if not await fetch(client, query, [document_id, *included.values]):
        raise Forbidden(
            "You may read this document, but not change it. A user may change own documents, and the documents of a "
            "collection with the access level WRITE."
        )


async def change_document(transaction: BaseDBAsyncClient, document_id: DocumentId, **columns: Any) -> None:
    """Set columns of a document. No-op for a document in DELETING."""
    not_deleting = Document.filter(id=document_id).exclude(status=DocumentStatus.DELETING.value)
    await not_deleting.using_db(transaction).update(**columns, updated_at=now())


def _to_record(row: Document) -> DocumentRecord:
    return DocumentRecord(
        id=DocumentId(row.id),
        owner_id=None if row.owner_id is None else UserId(row.owner_id),
        owning_collection_id=None if row.owning_collection_id is None else CollectionId(row.owning_collection_id),
        collection_ids=tuple(sorted(CollectionId(placement.collection_id) for placement in row.placements)),
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
