"""The extracted text of documents, stored in pieces so that a part can be read without the whole."""

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter
from persistence.database.sqlite import execute, fetch
from records.access import AnyScope

# Pieces follow each other without gaps, so the first one to read is the last that starts at or before the offset.
_OVERLAPPING = """
    SELECT start, text FROM text_pieces WHERE document_id = ? AND start < ? AND start >= coalesce(
        (SELECT max(start) FROM text_pieces WHERE document_id = ? AND start <= ?), 0
    ) AND {included} ORDER BY start
"""


async def append_text(client: BaseDBAsyncClient, document_id: int, start: int, text: str) -> None:
    """Store a piece. A stored piece with the same start is replaced, because parsing may be repeated."""
    await execute(
        client,
        "INSERT INTO text_pieces (document_id, start, text) VALUES (?, ?, ?)"
        " ON CONFLICT (document_id, start) DO UPDATE SET text = excluded.text",
        [document_id, start, text],
    )


async def read_text(client: BaseDBAsyncClient, scope: AnyScope, document_id: int, offset: int, length: int) -> str:
    """Return up to `length` code points from `offset`; fewer at the end of the text.

    The text of a document outside of the scope is empty.
    """
    if length <= 0:
        return ""
    offset = max(0, offset)
    included = scope_filter(scope, "text_pieces")
    values = [document_id, offset + length, document_id, offset, *included.values]
    rows = await fetch(client, _OVERLAPPING.format(included=included.sql), values)
    return "".join(row["text"][max(0, offset - row["start"]) : offset + length - row["start"]] for row in rows)
