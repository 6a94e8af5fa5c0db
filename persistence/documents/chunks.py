"""Storage of chunks and of their vectors by the light embedder."""

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack, pack_or_none, unpack
from persistence.database.keyset_pages import Listing, count, page
from persistence.database.sqlite import batches, execute, execute_many, fetch
from persistence.database.tables import Chunk
from persistence.documents.document_queries import load_document, require_documents
from persistence.sessions.message_queries import load_messages
from records.document import SEARCHABLE, BoundingBox, ChunkRecord, DocumentRecord, NewChunk
from records.errors import NotFound
from records.ids import ChunkId, DocumentId
from records.page import Page, PageRequest
from records.session import MessageRecord

_COLUMNS = (
    "id", "document_id", "position", "text", "context", "headings", "start_offset", "end_offset", "page_start",
    "page_end", "token_count", "bounding_box",
)  # fmt: skip
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
_NEIGHBOURS = """
    SELECT chunks.id, neighbours.id FROM json_each(?) AS wanted JOIN chunks ON chunks.id = wanted.value
    JOIN chunks AS neighbours ON neighbours.document_id = chunks.document_id
        AND neighbours.position IN (chunks.position - 1, chunks.position + 1)
    ORDER BY neighbours.position
"""
_PAGES = """
    SELECT chunks.id, chunks.document_id, chunks.page_start FROM json_each(?) AS wanted
    JOIN chunks ON chunks.id = wanted.value WHERE chunks.page_start IS NOT NULL
"""


class Chunks:
    """Implements `services.interfaces.chunk_store.ChunkStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, document_id: DocumentId, chunks: Sequence[NewChunk]) -> None:
        async with self._database.writing() as transaction:
            await require_documents(transaction, [document_id])
            await execute_many(transaction, _INSERT, [chunk_values(document_id, chunk) for chunk in chunks])

    async def get(self, chunk_id: ChunkId) -> ChunkRecord:
        found = await self.find(chunk_id)
        if found is None:
            raise NotFound("chunk", chunk_id)
        return found

    async def find(self, chunk_id: ChunkId) -> ChunkRecord | None:
        return (await self.find_many([chunk_id])).get(chunk_id)

    async def find_many(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, ChunkRecord]:
        async with self._database.snapshot() as reader:
            found = await load_chunks(reader, chunk_ids)
        return {record.id: record for record in found.values()}

    async def neighbour(self, chunk: ChunkRecord, step: int) -> ChunkRecord | None:
        position = {"document_id": chunk.document_id, "position": chunk.index + step}
        async with self._database.reading() as reader:
            row = (
                await Chunk.filter(**position, document__status__in=SEARCHABLE).only(*_COLUMNS).using_db(reader).first()
            )
        return None if row is None else _to_record(row)

    async def neighbours(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[ChunkId, ...]]:
        async with self._database.reading() as reader:
            rows = await fetch(reader, _NEIGHBOURS, [json_array(chunk_ids)])
        neighbours: dict[ChunkId, tuple[ChunkId, ...]] = {}
        for chunk_id, neighbour_id in rows:
            neighbours[chunk_id] = (*neighbours.get(chunk_id, ()), ChunkId(neighbour_id))
        return neighbours

    async def pages_of(self, chunk_ids: Sequence[ChunkId]) -> Mapping[ChunkId, tuple[DocumentId, int]]:
        async with self._database.reading() as reader:
            rows = await fetch(reader, _PAGES, [json_array(chunk_ids)])
        return {ChunkId(row[0]): (DocumentId(row[1]), row[2]) for row in rows}

    async def page(self, document_id: DocumentId, request: PageRequest) -> Page[ChunkRecord]:
        async with self._database.snapshot() as reader:
            return await page(reader, _list_of_document(document_id), request, load_chunks)

    async def count(self, document_id: DocumentId) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _list_of_document(document_id))

    async def cited_by(self, chunk_id: ChunkId, request: PageRequest) -> Page[MessageRecord]:
        async with self._database.snapshot() as reader:
            return await page(reader, _list_citing(chunk_id), request, load_messages)

    async def count_cited_by(self, chunk_id: ChunkId) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _list_citing(chunk_id))

    async def unembedded(self, document_id: DocumentId, limit: int) -> tuple[ChunkRecord, ...]:
        async with self._database.reading() as reader:
            without_embedding = Chunk.filter(document_id=document_id, embedding__isnull=True)
            rows = await without_embedding.only(*_COLUMNS).order_by("position").limit(limit).using_db(reader)
        return tuple(_to_record(row) for row in rows)

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
            return await load_document(transaction, document_id)


async def load_chunks(client: BaseDBAsyncClient, ids: Sequence[int]) -> dict[int, ChunkRecord]:
    """Return the chunks of searchable documents among `ids`, by id."""
    found: dict[int, ChunkRecord] = {}
    for batch in batches(ids):
        for row in await Chunk.filter(id__in=batch, document__status__in=SEARCHABLE).only(*_COLUMNS).using_db(client):
            found[row.id] = _to_record(row)
    return found


def _list_of_document(document_id: DocumentId) -> Listing:
    return Listing(
        order="chunks",
        source="chunks JOIN documents ON documents.id = chunks.document_id",
        key="chunks.position",
        id="chunks.id",
        key_type=int,
        where="chunks.document_id = ? AND documents.status IN (SELECT value FROM json_each(?))",
        values=(document_id, json_array(SEARCHABLE)),
    )


def _list_citing(chunk_id: ChunkId) -> Listing:
    """Return the list of the answers that cite a chunk, newest first."""
    return Listing(
        order="cited by",
        source="messages",
        key="messages.id",
        id="messages.id",
        key_type=int,
        where="messages.id IN (SELECT message_id FROM citations WHERE chunk_id = ?)",
        values=(chunk_id,),
        descending=True,
    )


def chunk_values(document_id: DocumentId, chunk: NewChunk) -> tuple[object, ...]:
    """Return the values of the columns of a new chunk in the order of the table, without the embedding."""
    return (
        document_id, chunk.index, chunk.text, chunk.context, pack(chunk.headings), chunk.start_offset,
        chunk.end_offset, chunk.page_start, chunk.page_end,
        chunk.token_count, pack_or_none(chunk.bounding_box),
    )  # fmt: skip


def _to_record(row: Chunk) -> ChunkRecord:
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
