"""The extracted text of documents, in pieces: a part is read without the whole."""

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.sqlite import execute, fetch

# The last piece that begins at or before a place: earlier ones end before it, since pieces follow each other.
_OVERLAPPING = """
    SELECT start, text FROM text_pieces WHERE document_id = ? AND start < ? AND start >= coalesce(
        (SELECT max(start) FROM text_pieces WHERE document_id = ? AND start <= ?), 0
    ) ORDER BY start
"""


async def append(client: BaseDBAsyncClient, document_id: int, start: int, text: str) -> None:
    """A piece that was stored already is replaced: parsing may begin anew."""
    await execute(
        client,
        "INSERT INTO text_pieces (document_id, start, text) VALUES (?, ?, ?)"
        " ON CONFLICT (document_id, start) DO UPDATE SET text = excluded.text",
        [document_id, start, text],
    )


async def read(client: BaseDBAsyncClient, document_id: int, offset: int, length: int) -> str:
    """Code points from `offset` on, as many as there are up to `length`."""
    if length <= 0:
        return ""
    offset = max(0, offset)
    rows = await fetch(client, _OVERLAPPING, [document_id, offset + length, document_id, offset])
    return "".join(row["text"][max(0, offset - row["start"]) : offset + length - row["start"]] for row in rows)
