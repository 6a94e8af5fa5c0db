"""The embedders of the stored vectors, and the change to another embedder."""

from typing import NewType

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.sqlite import execute, fetch, fetch_value
from records.ids import DocumentId

EmbedderId = NewType("EmbedderId", int)

CHUNKS_PER_TRANSACTION = 5000
"""Chunk ids whose vectors one transaction discards."""

_RECOUNT = """
    INSERT INTO deep_progress (document_id, embedded_chunks)
    SELECT chunks.document_id, count(*) FROM deep_embeddings JOIN chunks ON chunks.id = deep_embeddings.chunk_id
    WHERE deep_embeddings.embedder_id = ? GROUP BY chunks.document_id
"""
_RECOUNT_ONE = """
    UPDATE deep_progress SET embedded_chunks = (
        SELECT count(*) FROM chunks JOIN deep_embeddings ON deep_embeddings.chunk_id = chunks.id
        WHERE chunks.document_id = deep_progress.document_id
            AND deep_embeddings.embedder_id = (SELECT id FROM embedders WHERE role = 'DEEP' AND is_current)
    ) WHERE document_id = ?
"""
_EMBED_AGAIN = """
    UPDATE documents SET embedded_chunks = 0, progress = 0.0,
        status = CASE WHEN status = 'READY' AND chunk_count > 0 THEN 'EMBEDDING' ELSE status END
    WHERE status IN ('READY', 'EMBEDDING')
"""


async def adopt_light(database: Database, name: str, dimensions: int) -> int:
    """Make this the light embedder. Return the number of discarded vectors, which another embedder had computed.

    The documents of discarded vectors return to EMBEDDING: keyword search finds them, and ingestion computes new vectors.
    Call this function before vectors are read. A call that was interrupted by a crash must be repeated, and starts over.
    If the database records no light embedder yet, its vectors are kept.
    """
    async with database.reading() as reader:
        known = await fetch(reader, "SELECT name, dimensions FROM embedders WHERE role = 'LIGHT' AND is_current")
    discarded = 0
    if known and tuple(known[0]) != (name, dimensions):
        discarded = await _discard_light(database)
    async with database.writing() as transaction:
        await execute(transaction, "DELETE FROM embedders WHERE role = 'LIGHT'")
        await execute(
            transaction,
            "INSERT INTO embedders (role, name, fingerprint, dimensions, is_current) VALUES ('LIGHT', ?, '', ?, 1)",
            [name, dimensions],
        )
    return discarded


async def _discard_light(database: Database) -> int:
    async with database.writing() as transaction:
        await execute(transaction, _EMBED_AGAIN)
        last = int(await fetch_value(transaction, "SELECT coalesce(max(id), 0) FROM chunks"))
    discarded = 0
    for first in range(0, last + 1, CHUNKS_PER_TRANSACTION):
        async with database.writing() as transaction:
            discarded += await execute(
                transaction,
                "UPDATE chunks SET embedding = NULL WHERE id >= ? AND id < ? AND embedding IS NOT NULL",
                [first, first + CHUNKS_PER_TRANSACTION],
            )
    return discarded


async def adopt_deep(database: Database, name: str, fingerprint: str, dimensions: int) -> EmbedderId:
    """Make this the deep embedder and return its id. Vectors that it computed earlier are used again.

    `DeepVectors.erase_former` erases the vectors of others.
    """
    own = [name, fingerprint, dimensions]
    async with database.writing() as transaction:
        await execute(
            transaction,
            """INSERT OR IGNORE INTO embedders (role, name, fingerprint, dimensions, is_current)
            VALUES ('DEEP', ?, ?, ?, 0)""",
            own,
        )
        found = await fetch(
            transaction,
            """SELECT id, is_current FROM embedders
            WHERE role = 'DEEP' AND name = ? AND fingerprint = ? AND dimensions = ?""",
            own,
        )
        embedder_id, is_current = EmbedderId(found[0][0]), bool(found[0][1])
        if not is_current:
            await _switch(transaction, embedder_id)
        # The vectors worker reads all vectors when it starts, so earlier entries are obsolete.
        await execute(transaction, "DELETE FROM deep_outbox")
    return embedder_id


async def _switch(transaction: BaseDBAsyncClient, embedder_id: EmbedderId) -> None:
    await execute(transaction, "UPDATE embedders SET is_current = (id = ?) WHERE role = 'DEEP'", [embedder_id])
    await execute(transaction, "DELETE FROM deep_progress")
    await execute(transaction, _RECOUNT, [embedder_id])


async def recount_deep(transaction: BaseDBAsyncClient, document_id: DocumentId) -> None:
    """Count the chunks of a document that have a vector of the current deep embedder again, after its chunks changed."""
    await execute(transaction, _RECOUNT_ONE, [document_id])
