"""Erasure of a document's content, in short transactions so that other writers do not wait for a long one."""

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.sqlite import execute, fetch, fetch_value
from persistence.documents.staging import clear_staged
from records.ids import DocumentId

CHUNKS_PER_TRANSACTION = 500
"""Chunks that one transaction erases. Removing them from the full-text index takes most of its time."""

_BATCH = "(SELECT id FROM chunks WHERE document_id = ? ORDER BY position LIMIT ?)"
_SIZE = f"""
    SELECT count(*), sum(length(CAST(text || context AS BLOB)) + coalesce(length(embedding), 0) + coalesce(
        (SELECT sum(length(deep.embedding)) FROM deep_embeddings AS deep WHERE deep.chunk_id = chunks.id), 0))
    FROM chunks WHERE id IN {_BATCH}
"""  # noqa: S608  # constants of this module
_QUEUE = f"""
    INSERT INTO outbox (chunk_id, document_id) SELECT id, document_id FROM chunks
    WHERE id IN {_BATCH} AND embedding IS NOT NULL
"""  # noqa: S608  # constants of this module
_QUEUE_DEEP = f"""
    INSERT INTO deep_outbox (chunk_id, document_id) SELECT id, document_id FROM chunks
    WHERE id IN {_BATCH} AND EXISTS (SELECT 1 FROM deep_embeddings WHERE chunk_id = chunks.id)
"""  # noqa: S608  # constants of this module
_CLEAR_SPANS = "UPDATE citations SET start_offset = NULL, end_offset = NULL, bounding_box = NULL WHERE document_id = ?"
_DELETE = f"DELETE FROM chunks WHERE id IN {_BATCH}"  # noqa: S608  # constants of this module


async def erase_content(database: Database, document_id: DocumentId) -> int:
    """Erase text, headings and chunks, and queue the removal of vectors. Return the erased bytes of text and vectors.

    Citations of the document keep their quote. Their chunk and their position in the text become null.
    """
    erased = 0
    while True:
        async with database.writing() as transaction:
            batch = await _erase_chunks(transaction, document_id)
            if batch is None:
                return erased + await _erase_text(transaction, document_id)
            erased += batch


async def count_keyword_entries(client: BaseDBAsyncClient, document_id: DocumentId) -> int:
    """Return the number of entries that the full-text index has for a document."""
    query = "SELECT count(*) FROM chunks_fts WHERE chunks_fts MATCH ?"
    return int(await fetch_value(client, query, [f"document : d{int(document_id)}"]))


async def count_deep_vectors(client: BaseDBAsyncClient, document_id: DocumentId) -> int:
    """Return the number of a document's vectors of all deep embedders, current and former."""
    query = "SELECT count(*) FROM deep_embeddings WHERE chunk_id IN (SELECT id FROM chunks WHERE document_id = ?)"
    return int(await fetch_value(client, query, [document_id]))


async def _erase_chunks(transaction: BaseDBAsyncClient, document_id: DocumentId) -> int | None:
    """Erase a batch of chunks and return its size in bytes, or None if the document has no chunks."""
    batch = [document_id, CHUNKS_PER_TRANSACTION]
    rows = await fetch(transaction, _SIZE, batch)
    if not rows[0][0]:
        return None
    await execute(transaction, _QUEUE, batch)
    await execute(transaction, _QUEUE_DEEP, batch)
    await execute(transaction, _DELETE, batch)
    return int(rows[0][1])


async def _erase_text(transaction: BaseDBAsyncClient, document_id: DocumentId) -> int:
    size = await fetch_value(
        transaction,
        "SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) FROM text_pieces WHERE document_id = ?",
        [document_id],
    )
    for table in ("text_pieces", "headings", "deep_progress"):
        await execute(transaction, f"DELETE FROM {table} WHERE document_id = ?", [document_id])  # noqa: S608
    await execute(transaction, _CLEAR_SPANS, [document_id])
    await clear_staged(transaction, document_id)
    return int(size)
