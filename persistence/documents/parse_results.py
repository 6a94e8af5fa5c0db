"""Storing of the results of parsing that concern a document as a whole."""

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.json_columns import pack, pack_any
from persistence.database.sqlite import execute, execute_many, fetch_value
from persistence.database.tables import Heading
from persistence.documents.document_queries import change_document
from records.document import DocumentStatus, ParsedDocument
from records.ids import DocumentId

# Citations whose chunk was erased refer to the first chunk that now has the same text. SQLite takes the other columns of
# an aggregate with `min` from the row with the minimum.
_LINK_CITATIONS = """
    UPDATE citations SET chunk_id = same.chunk_id, start_offset = same.start_offset, end_offset = same.end_offset,
        bounding_box = same.bounding_box
    FROM (SELECT cited.id AS citation_id, min(chunks.position), chunks.id AS chunk_id, chunks.start_offset,
            chunks.end_offset, chunks.bounding_box
        FROM citations AS cited JOIN chunks ON chunks.document_id = cited.document_id AND chunks.text = cited.quote
        WHERE cited.document_id = ? AND cited.chunk_id IS NULL GROUP BY cited.id) AS same
    WHERE citations.id = same.citation_id
"""


async def store_parse_results(
    transaction: BaseDBAsyncClient,
    document_id: DocumentId,
    parsed: ParsedDocument,
    status: DocumentStatus,
    progress: float,
) -> None:
    """Store the results and replace the headings. The chunks must have been stored before; they are counted.

    A citation whose chunk was erased is linked to a chunk with the same text, if there is one.
    """
    await Heading.filter(document_id=document_id).using_db(transaction).delete()
    await execute_many(
        transaction,
        "INSERT INTO headings (document_id, text, level, start, page) VALUES (?, ?, ?, ?, ?)",
        [(document_id, each.text, each.level, each.offset, each.page) for each in parsed.outline],
    )
    await execute(transaction, _LINK_CITATIONS, [document_id])
    chunks = await fetch_value(transaction, "SELECT count(*) FROM chunks WHERE document_id = ?", [document_id])
    await change_document(
        transaction,
        document_id,
        status=status.value,
        progress=progress,
        media_type=parsed.media_type,
        title=parsed.title,
        page_count=parsed.page_count,
        character_count=parsed.character_count,
        token_count=parsed.token_count,
        chunk_count=chunks,
        coverage=pack(parsed.coverage),
        properties=pack_any(parsed.properties),
        parser_version=parsed.parser_version,
    )
