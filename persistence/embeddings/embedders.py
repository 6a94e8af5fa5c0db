"""Which embedding models the stored vectors were made with, and what happens to vectors when that is another one now."""

from typing import NewType

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.sqlite import execute, fetch, fetch_value
from records.ids import DocumentId

EmbedderId = NewType("EmbedderId", int)

ROWS = 5000
"Ids of chunks whose vectors are forgotten in one transaction."

_RECOUNT = """
    INSERT INTO deep_documents (document_id, chunks)
    SELECT chunks.document_id, count(*) FROM deep_embeddings JOIN chunks ON chunks.id = deep_embeddings.chunk_id
    WHERE deep_embeddings.embedder_id = ? GROUP BY chunks.document_id
"""
_RECOUNT_ONE = """
    UPDATE deep_documents SET chunks = (
        SELECT count(*) FROM chunks JOIN deep_embeddings ON deep_embeddings.chunk_id = chunks.id
        WHERE chunks.document_id = deep_documents.document_id
            AND deep_embeddings.embedder_id = (SELECT id FROM embedders WHERE role = 'DEEP' AND is_current)
    ) WHERE document_id = ?
"""
_EMBED_AGAIN = """
    UPDATE documents SET embedded_chunks = 0, progress = 0.0,
        status = CASE WHEN status = 'READY' AND chunk_count > 0 THEN 'EMBEDDING' ELSE status END
    WHERE status IN ('READY', 'EMBEDDING')
"""


async def adopt_light(database: Database, name: str, dimensions: int) -> int:
    """Make this the light embedder; gives the number of vectors that another one had made, and that are forgotten now.

    Their documents are EMBEDDING again: words find them, and ingestion gives them new vectors. To be called before
    anything reads vectors. After a crash it is done again from the beginning. Vectors from before this was recorded
    are taken for this embedder's, as there was only one.
    """
    async with database.reading() as reader:
        known = await fetch(reader, "SELECT name, dimensions FROM embedders WHERE role = 'LIGHT' AND is_current")
    forgotten = 0
    if known and tuple(known[0]) != (name, dimensions):
        forgotten = await _forget_light(database)
    async with database.writing() as transaction:
        await execute(transaction, "DELETE FROM embedders WHERE role = 'LIGHT'")
        await execute(
            transaction,
            "INSERT INTO embedders (role, name, fingerprint, dimensions, is_current) VALUES ('LIGHT', ?, '', ?, 1)",
            [name, dimensions],
        )
    return forgotten


async def _forget_light(database: Database) -> int:
    async with database.writing() as transaction:
        await execute(transaction, _EMBED_AGAIN)
        last = int(await fetch_value(transaction, "SELECT coalesce(max(id), 0) FROM chunks"))
    forgotten = 0
    for first in range(0, last + 1, ROWS):
        async with database.writing() as transaction:
            forgotten += await execute(
                transaction,
                "UPDATE chunks SET embedding = NULL WHERE id >= ? AND id < ? AND embedding IS NOT NULL",
                [first, first + ROWS],
            )
    return forgotten


async def adopt_deep(database: Database, name: str, fingerprint: str, dimensions: int) -> EmbedderId:
    """Make this the deep embedder. What it had made earlier is its again; vectors of others wait to be erased."""
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
        # Whoever reads the vectors now reads all of them: older news is of no use.
        await execute(transaction, "DELETE FROM deep_outbox")
    return embedder_id


async def _switch(transaction: BaseDBAsyncClient, embedder_id: EmbedderId) -> None:
    await execute(transaction, "UPDATE embedders SET is_current = (id = ?) WHERE role = 'DEEP'", [embedder_id])
    await execute(transaction, "DELETE FROM deep_documents")
    await execute(transaction, _RECOUNT, [embedder_id])


async def recount_deep(transaction: BaseDBAsyncClient, document_id: DocumentId) -> None:
    """How many of the document's chunks have a vector of the present deep embedder, after its chunks were changed."""
    await execute(transaction, _RECOUNT_ONE, [document_id])
