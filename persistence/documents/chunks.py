"""Storage of chunks, as requests read them."""

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter
from persistence.database.database import Database
from persistence.database.json_columns import json_array, pack, pack_or_none, unpack
from persistence.database.keyset_pages import Listing, count, page
from persistence.database.sqlite import batches, fetch
from persistence.database.tables import Chunk
from persistence.sessions.message_queries import load_messages
from records.access import AnyScope
from records.document import SEARCHABLE, BoundingBox, ChunkRecord, NewChunk
from records.errors import NotFound
from records.ids import ChunkId, DocumentId
from records.page import Page, PageRequest
from records.session import MessageRecord

CHUNK_COLUMNS = (
    "id", "document_id", "position", "text", "context", "headings", "start_offset", "end_offset", "page_start",
    "page_end", "token_count", "bounding_box",
)  # fmt: skip
_NEIGHBOURS = """
    SELECT chunks.id, neighbours.id FROM json_each(?) AS wanted JOIN chunks ON chunks.id = wanted.value
    JOIN chunks AS neighbours ON neighbours.document_id = chunks.document_id
        AND neighbours.position IN (chunks.position - 1, chunks.position + 1)
    WHERE {included} ORDER BY neighbours.position
"""
_PAGES = """
    SELECT chunks.id, chunks.document_id, chunks.page_start FROM json_each(?) AS wanted
    JOIN chunks ON chunks.id = wanted.value WHERE chunks.page_start IS NOT NULL AND {included}
"""


class Chunks:
    """Implements `services.interfaces.chunk_store.ChunkStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, scope: AnyScope, chunk_id: ChunkId) -> ChunkRecord:
        found = await self.find(scope, chunk_id)
        if found is None:
            raise NotFound("chunk", chunk_id)
        return found

    async def find(self, scope: AnyScope, chunk_id: ChunkId) -> ChunkRecord | None:
        return (await self.find_many(scope, [chunk_id])).get(chunk_id)

    async def find_many(self, scope: AnyScope, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, ChunkRecord]:
        async with self._database.reading() as reader:
            found = await load_chunks(reader, scope, chunk_ids)
        return {record.id: record for record in found.values()}

    async def neighbour(self, scope: AnyScope, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
        position = {"document_id": chunk.document_id, "position": chunk.index + step}
        included = scope_filter(scope, "chunks")
        async with self._database.reading() as reader:
            found = Chunk.filter(**position, document__status__in=SEARCHABLE)
            row = await included.apply(found).only(*CHUNK_COLUMNS).using_db(reader).first()
        return None if row is None else chunk_from_row(row)

    async def neighbours(self, scope: AnyScope, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[ChunkId, ...]]:
        included = scope_filter(scope, "chunks")
        query = _NEIGHBOURS.format(included=included.unindexed)
        async with self._database.reading() as reader:
            rows = await fetch(reader, query, [json_array(chunk_ids), *included.values])
        neighbours: dict[ChunkId, tuple[ChunkId, ...]] = {}
        for chunk_id, neighbour_id in rows:
            neighbours[chunk_id] = (*neighbours.get(chunk_id, ()), ChunkId(neighbour_id))
        return neighbours

    async def pages_of(self, scope: AnyScope, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[DocumentId, int]]:
        included = scope_filter(scope, "chunks")
        query = _PAGES.format(included=included.unindexed)
        async with self._database.reading() as reader:
            rows = await fetch(reader, query, [json_array(chunk_ids), *included.values])
        return {ChunkId(row[0]): (DocumentId(row[1]), row[2]) for row in rows}

    async def page(self, scope: AnyScope, document_id: DocumentId, request: PageRequest) -> Page[ChunkRecord]:
        async with self._database.snapshot() as reader:
            listing = _list_of_document(scope, document_id)
            return await page(reader, listing, request, lambda client, ids: load_chunks(client, scope, ids))

    async def count(self, scope: AnyScope, document_id: DocumentId) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _list_of_document(scope, document_id))

    async def cited_by(self, scope: AnyScope, chunk_id: ChunkId, request: PageRequest) -> Page[MessageRecord]:
        async with self._database.snapshot() as reader:
            listing = _list_citing(scope, chunk_id)
            return await page(reader, listing, request, lambda client, ids: load_messages(client, scope, ids))

    async def count_cited_by(self, scope: AnyScope, chunk_id: ChunkId) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _list_citing(scope, chunk_id))


async def load_chunks(client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[int]) -> dict[int, ChunkRecord]:
    """Return the chunks of the scope's searchable documents among `ids`, by id."""
    included = scope_filter(scope, "chunks")
    found: dict[int, ChunkRecord] = {}
    for batch in batches(ids):
        searchable = Chunk.filter(id__in=batch, document__status__in=SEARCHABLE)
        for row in await included.apply(searchable).only(*CHUNK_COLUMNS).using_db(client):
            found[row.id] = chunk_from_row(row)
    return found


def _list_of_document(scope: AnyScope, document_id: DocumentId) -> Listing:
    included = scope_filter(scope, "documents")
    return Listing(
        order="chunks",
        source="chunks JOIN documents ON documents.id = chunks.document_id",
        key="chunks.position",
        id="chunks.id",
        key_type=int,
        where=f"chunks.document_id = ? AND documents.status IN (SELECT value FROM json_each(?)) AND {included.unindexed}",  # noqa: S608  # constants
        values=(document_id, json_array(SEARCHABLE), *included.values),
    )


def _list_citing(scope: AnyScope, chunk_id: ChunkId) -> Listing:
    """Return the list of the scope's answers that cite a chunk, newest first."""
    included = scope_filter(scope, "messages")
    return Listing(
        order="cited by",
        source="messages",
        key="messages.id",
        id="messages.id",
        key_type=int,
        where=f"messages.id IN (SELECT message_id FROM citations WHERE chunk_id = ?) AND {included.sql}",  # noqa: S608  # constants
        values=(chunk_id, *included.values),
        descending=True,
    )


def chunk_values(document_id: DocumentId, chunk: NewChunk) -> tuple[object, ...]:
    """Return the values of the columns of a new chunk in the order of the table, without the embedding."""
    return (
        document_id, chunk.index, chunk.text, chunk.context, pack(chunk.headings), chunk.start_offset,
        chunk.end_offset, chunk.page_start, chunk.page_end,
        chunk.token_count, pack_or_none(chunk.bounding_box),
    )  # fmt: skip


def chunk_from_row(row: Chunk) -> ChunkRecord:
    return ChunkRecord(
        id=ChunkId(row.id),
        document_id=DocumentId(row.document_id),
        index=row.position,
        text=row.text,
        context=row.context,
        headings=unpack(row.headings, tuple[str, ...]),
        start_offset=row.start_offset,
        end_offset=row.end_offset,
        page_start=row.page_start,
        page_end=row.page_end,
        token_count=row.token_count,
        bounding_box=unpack(row.bounding_box, BoundingBox),
    )
