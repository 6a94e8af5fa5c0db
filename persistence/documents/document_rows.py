"""Document rows as records, and filters and orders of documents as SQL."""

from collections.abc import Sequence
from typing import Any, Protocol

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.json_columns import json_array, now, unpack, unpack_any
from persistence.database.keyset_pages import Listing, Order
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
from records.ids import DocumentId, SessionId
from records.values.text import encodable


class Filter(Protocol):
    """`records.filters.DocumentFilter`."""

    @property
    def status(self) -> tuple[DocumentStatus, ...] | None: ...
    @property
    def name_contains(self) -> str | None: ...
    @property
    def tags(self) -> tuple[str, ...] | None: ...
    @property
    def media_type(self) -> tuple[str, ...] | None: ...
    @property
    def session_id(self) -> SessionId | None: ...


_KEYS: dict[str, tuple[str, type]] = {
    "CREATED_AT": ("documents.created_at", str),
    "NAME": ("documents.folded_name", str),
    "BYTE_SIZE": ("documents.byte_size", int),
}
WITH_EVERY_TAG = """documents.id IN (
    SELECT document_id FROM document_tags WHERE tag IN (SELECT value FROM json_each(?))
    GROUP BY document_id HAVING count(*) = ?
)"""


def listing(filter: Filter, order: Order) -> Listing:
    """Documents that are being deleted are in no list unless they are asked for."""
    key, kind = _KEYS[order.field]
    where, values = _conditions(filter)
    return Listing(
        order=f"documents {order.field}",
        source="documents",
        key=key,
        id="documents.id",
        kind=kind,
        where=" AND ".join(where),
        values=tuple(values),
        descending=order.descending,
    )


def _conditions(filter: Filter) -> tuple[list[str], list[Any]]:
    where, values = ["documents.status <> 'DELETING'"], list[Any]()
    if filter.status is not None:
        where = ["documents.status IN (SELECT value FROM json_each(?))"]
        values.append(json_array(filter.status))
    if filter.name_contains is not None:
        where.append("instr(documents.folded_name, ?) > 0")
        values.append(encodable(filter.name_contains.casefold()))
    if filter.media_type is not None:
        where.append("documents.media_type IN (SELECT value FROM json_each(?))")
        values.append(json_array(filter.media_type))
    if filter.tags:
        where.append(WITH_EVERY_TAG)
        values += every_tag(filter.tags)
    if filter.session_id is not None:
        where.append("documents.id IN (SELECT document_id FROM session_documents WHERE session_id = ?)")
        values.append(filter.session_id)
    return where, values


def every_tag(tags: Sequence[str]) -> tuple[str, int]:
    """The values of `WITH_EVERY_TAG`."""
    distinct = set(tags)
    return json_array(sorted(distinct)), len(distinct)


async def load_documents(client: BaseDBAsyncClient, ids: Sequence[int]) -> dict[int, DocumentRecord]:
    found: dict[int, DocumentRecord] = {}
    for batch in batches(ids):
        for row in await Document.filter(id__in=batch).using_db(client).prefetch_related("tags"):
            found[row.id] = _record(row)
    return found


async def load_document(client: BaseDBAsyncClient, document_id: DocumentId) -> DocumentRecord:
    """Raises `NotFound`."""
    found = await load_documents(client, [document_id])
    if document_id not in found:
        raise NotFound("document", document_id)
    return found[document_id]


async def require_documents(client: BaseDBAsyncClient, document_ids: Sequence[DocumentId]) -> None:
    """Raise `NotFound` for the first that no document has, or that is being deleted."""
    rows = await fetch(
        client,
        "SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND status <> 'DELETING'",
        [json_array(document_ids)],
    )
    known = {row[0] for row in rows}
    for document_id in document_ids:
        if document_id not in known:
            raise NotFound("document", document_id)


async def change_document(transaction: BaseDBAsyncClient, document_id: DocumentId, **changes: Any) -> None:
    """Nothing where the document is being deleted."""
    alive = Document.filter(id=document_id).exclude(status=DocumentStatus.DELETING.value)
    await alive.using_db(transaction).update(**changes, updated_at=now())


def _record(row: Document) -> DocumentRecord:
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
