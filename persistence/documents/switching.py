"""The switch from a document's text and chunks to those that were read anew: SQL alone, one statement after the other.

Each takes the document's id. Chunks that say the same stay, with their ids and all that hangs on them.
"""

_KEPT = "SELECT chunk_id FROM staged_chunks WHERE document_id = ?1 AND chunk_id IS NOT NULL"
_GOING = f"FROM chunks WHERE document_id = ?1 AND id NOT IN ({_KEPT})"
_NEW = "FROM staged_chunks WHERE document_id = ?1 AND chunk_id IS NULL"
# Citations keep a span of the document's text only where it says the same there. Positions are unique: chunks that stay
# step aside below zero until the others are gone.
SWITCH = (
    """UPDATE citations SET start_offset = start_offset + moved.places, end_offset = end_offset + moved.places,
        bounding_box = moved.bounding_box
        FROM (SELECT chunks.id AS chunk_id, staged.start_offset - chunks.start_offset AS places, staged.bounding_box
            FROM staged_chunks AS staged JOIN chunks ON chunks.id = staged.chunk_id WHERE staged.document_id = ?1) AS moved
        WHERE citations.chunk_id = moved.chunk_id""",
    f"""UPDATE citations SET start_offset = NULL, end_offset = NULL, bounding_box = NULL
        WHERE document_id = ?1 AND coalesce(chunk_id, 0) NOT IN ({_KEPT})""",  # noqa: S608  # our own parts
    f"INSERT INTO outbox (chunk_id, document_id) SELECT id, document_id {_GOING} AND embedding IS NOT NULL",
    f"""INSERT INTO deep_outbox (chunk_id, document_id) SELECT id, document_id {_GOING}
        AND EXISTS (SELECT 1 FROM deep_embeddings WHERE chunk_id = chunks.id)""",  # noqa: S608  # our own parts
    f"DELETE {_GOING}",
    """UPDATE chunks SET position = -1 - staged.position, headings = staged.headings,
        start_offset = staged.start_offset, end_offset = staged.end_offset, page_start = staged.page_start,
        page_end = staged.page_end, token_count = staged.token_count, bounding_box = staged.bounding_box
        FROM staged_chunks AS staged WHERE staged.document_id = ?1 AND staged.chunk_id = chunks.id""",
    "UPDATE chunks SET position = -1 - position WHERE document_id = ?1 AND position < 0",
    f"""INSERT INTO chunks (document_id, position, text, context, bigrams, headings, start_offset, end_offset,
            page_start, page_end, token_count, bounding_box, embedding)
        SELECT document_id, position, text, context, bigrams, headings, start_offset, end_offset,
            page_start, page_end, token_count, bounding_box, embedding {_NEW} ORDER BY position""",
    f"""INSERT INTO outbox (chunk_id, document_id) SELECT id, document_id FROM chunks
        WHERE document_id = ?1 AND position IN (SELECT position {_NEW})""",  # noqa: S608  # our own parts
    "DELETE FROM text_pieces WHERE document_id = ?1",
    """INSERT INTO text_pieces (document_id, start, text)
        SELECT document_id, start, text FROM staged_pieces WHERE document_id = ?1""",
)  # fmt: skip
