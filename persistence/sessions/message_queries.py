"""Queries of messages and their citations, and conversion between rows and records."""

from collections.abc import Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.query_utils import Prefetch

from persistence.access.scope_filter import scope_filter
from persistence.database.json_columns import json_array, pack_or_none, unpack
from persistence.database.sqlite import batches, execute, execute_many
from persistence.database.tables import Citation, Message
from records.access import AnyScope
from records.answer import AnswerProgress
from records.document import BoundingBox
from records.errors import NotFound
from records.ids import ChunkId, DocumentId, MessageId, ModelId, SessionId
from records.session import (
    CitationRecord,
    GenerationDetails,
    MessageError,
    MessageRating,
    MessageRecord,
    MessageRole,
    MessageStatus,
    ThinkingMode,
)
from records.values.text import encodable

UNFINISHED = tuple(status for status in MessageStatus if not status.terminal)

_PROGRESS = """
    UPDATE messages SET status = ?2, content = iif(?3, '', content) || ?4,
        reasoning = nullif(iif(?3, '', coalesce(reasoning, '')) || ?5, '')
    WHERE id = ?1 AND status IN (SELECT value FROM json_each(?6)) AND {included}
"""

# If a document or chunk was erased while the answer was generated, the link to it and the span of the citation are null.
_INSERT_CITATION = """
    INSERT INTO citations (message_id, marker, document_id, chunk_id, document_name, quote, page, score, used,
        start_offset, end_offset, bounding_box)
    VALUES (?, ?, (SELECT id FROM documents WHERE id = ?), (SELECT id FROM chunks WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?)
"""
_CLEAR_SPANS = """
    UPDATE citations SET start_offset = NULL, end_offset = NULL, bounding_box = NULL
    WHERE message_id = ? AND chunk_id IS NULL
"""


async def load_messages(client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[int]) -> dict[int, MessageRecord]:
    """Return the messages of the scope among `ids` with their citations, by id."""
    included = scope_filter(scope, "messages")
    found: dict[int, MessageRecord] = {}
    for batch in batches(ids):
        cited = Prefetch("citations", Citation.all().using_db(client).order_by("id"))
        for row in await included.apply(Message.filter(id__in=batch)).using_db(client).prefetch_related(cited):
            found[row.id] = _to_record(row)
    return found


async def load_message(client: BaseDBAsyncClient, scope: AnyScope, message_id: MessageId) -> MessageRecord:
    """Return a message. Raises `NotFound`."""
    found = await load_messages(client, scope, [message_id])
    if message_id not in found:
        raise NotFound("message", message_id)
    return found[message_id]


async def store_citations(
    transaction: BaseDBAsyncClient, message_id: MessageId, citations: Sequence[CitationRecord]
) -> None:
    """Replace the citations of a message. Equal citations are not written again: most checkpoints change the text alone."""
    rows = await Citation.filter(message_id=message_id).using_db(transaction).order_by("id")
    if tuple(citations) == tuple(_to_citation(row) for row in rows):
        return
    await execute(transaction, "DELETE FROM citations WHERE message_id = ?", [message_id])
    await execute_many(
        transaction, _INSERT_CITATION, [_citation_values(message_id, citation) for citation in citations]
    )
    await execute(transaction, _CLEAR_SPANS, [message_id])


async def store_progress(transaction: BaseDBAsyncClient, scope: AnyScope, progress: AnswerProgress) -> bool:
    """Store the status and the texts of an unfinished answer, and return whether the scope has one with this id."""
    included = scope_filter(scope, "messages")
    values = [
        progress.message_id, progress.status.value, progress.replaces, encodable(progress.content),
        encodable(progress.reasoning), json_array(UNFINISHED), *included.values,
    ]  # fmt: skip
    return await execute(transaction, _PROGRESS.format(included=included.sql), values) > 0


def answer_columns(message: MessageRecord) -> dict[str, Any]:
    """Return the columns that change while an answer is generated, as values by column name."""
    return {
        "content": encodable(message.content),
        "reasoning": None if message.reasoning is None else encodable(message.reasoning),
        "status": message.status.value,
        "error": pack_or_none(message.error),
        "model_id": message.model_id,
        "model_name": message.model_name,
        "thinking_mode": message.thinking_mode and message.thinking_mode.value,
        "generation": pack_or_none(message.generation),
        "time_to_first_token_ms": message.generation and message.generation.time_to_first_token_ms,
        "completed_at": message.completed_at,
    }


def _citation_values(message_id: MessageId, citation: CitationRecord) -> tuple[object, ...]:
    return (
        message_id, citation.marker, citation.document_id, citation.chunk_id, citation.document_name, citation.quote,
        citation.page, citation.score, citation.used, citation.start_offset, citation.end_offset,
        pack_or_none(citation.bounding_box),
    )  # fmt: skip


def _to_record(row: Message) -> MessageRecord:
    return MessageRecord(
        id=MessageId(row.id),
        session_id=SessionId(row.session_id),
        parent_id=None if row.parent_id is None else MessageId(row.parent_id),
        role=MessageRole(row.role),
        content=row.content,
        reasoning=row.reasoning,
        status=MessageStatus(row.status),
        error=unpack(row.error, MessageError),
        citations=tuple(_to_citation(citation) for citation in row.citations),
        model_id=None if row.model_id is None else ModelId(row.model_id),
        model_name=row.model_name,
        thinking_mode=None if row.thinking_mode is None else ThinkingMode(row.thinking_mode),
        generation=unpack(row.generation, GenerationDetails),
        rating=None if row.rating is None else MessageRating(row.rating),
        created_at=row.created_at,
        completed_at=row.completed_at,
    )


def _to_citation(row: Citation) -> CitationRecord:
    return CitationRecord(
        marker=row.marker,
        document_id=None if row.document_id is None else DocumentId(row.document_id),
        chunk_id=None if row.chunk_id is None else ChunkId(row.chunk_id),
        document_name=row.document_name,
        quote=row.quote,
        page=row.page,
        score=row.score,
        used=row.used,
        start_offset=row.start_offset,
        end_offset=row.end_offset,
        bounding_box=unpack(row.bounding_box, BoundingBox),
    )
