"""Taking away what ingestion stored of a document, in short transactions, so that others are not held up by a long one."""

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.sqlite import execute, fetch, fetch_value
from persistence.documents.staging import clear_staged
from records.ids import DocumentId

BATCH = 500
"Chunks of one transaction: their full-text entries are the costly part."

_SIZE = """
    SELECT count(*), sum(length(CAST(text || context || bigrams AS BLOB)) + coalesce(length(embedding), 0) + coalesce(
        (SELECT sum(length(deep.embedding)) FROM deep_embeddings AS deep WHERE deep.chunk_id = chunks.id), 0))
    FROM chunks WHERE id IN (SELECT id FROM chunks WHERE document_id = ? ORDER BY position LIMIT ?)
"""
_QUEUE = """
    INSERT INTO outbox (chunk_id, document_id) SELECT id, document_id FROM chunks
    WHERE id IN (SELECT id FROM chunks WHERE document_id = ? ORDER BY position LIMIT ?) AND embedding IS NOT NULL
"""
_QUEUE_DEEP = """
    INSERT INTO deep_outbox (chunk_id, document_id) SELECT id, document_id FROM chunks
    WHERE id IN (SELECT id FROM chunks WHERE document_id = ? ORDER BY position LIMIT ?)
        AND EXISTS (SELECT 1 FROM deep_embeddings WHERE chunk_id = chunks.id)
"""
_DELETE = """
    DELETE FROM chunks WHERE id IN (SELECT id FROM chunks WHERE document_id = ? ORDER BY position LIMIT ?)
"""


async def erase_content(database: Database, document_id: DocumentId) -> int:
    """Remove text, headings and chunks; queue the removal of vectors. Gives the bytes of text and vectors."""
    freed = 0
    while True:
        async with database.writing() as transaction:
            batch = await _erase_chunks(transaction, document_id)
            if batch is None:
                return freed + await _erase_text(transaction, document_id)
            freed += batch


async def keyword_entries(client: BaseDBAsyncClient, document_id: DocumentId) -> int:
    query = "SELECT count(*) FROM chunk_words WHERE chunk_words MATCH ?"
    return int(await fetch_value(client, query, [f"doc : d{int(document_id)}"]))


async def deep_vectors(client: BaseDBAsyncClient, document_id: DocumentId) -> int:
    """Of every deep embedder, the present one or not."""
    query = "SELECT count(*) FROM deep_embeddings WHERE chunk_id IN (SELECT id FROM chunks WHERE document_id = ?)"
    return int(await fetch_value(client, query, [document_id]))


async def _erase_chunks(transaction: BaseDBAsyncClient, document_id: DocumentId) -> int | None:
    """None where no chunk was left."""
    scope = [document_id, BATCH]
    rows = await fetch(transaction, _SIZE, scope)
    if not rows[0][0]:
        return None
    await execute(transaction, _QUEUE, scope)
    await execute(transaction, _QUEUE_DEEP, scope)
    await execute(transaction, _DELETE, scope)
    return int(rows[0][1])


async def _erase_text(transaction: BaseDBAsyncClient, document_id: DocumentId) -> int:
    size = await fetch_value(
        transaction,
        "SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) FROM text_pieces WHERE document_id = ?",
        [document_id],
    )
    await execute(transaction, "DELETE FROM text_pieces WHERE document_id = ?", [document_id])
    await execute(transaction, "DELETE FROM headings WHERE document_id = ?", [document_id])
    await execute(transaction, "DELETE FROM deep_documents WHERE document_id = ?", [document_id])
    await clear_staged(transaction, document_id)
    return int(size)
