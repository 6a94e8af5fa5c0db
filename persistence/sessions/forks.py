"""Forks: a session with copies of the messages of another one, up to and including one of them."""

from collections.abc import Mapping
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.json_columns import now
from persistence.database.sqlite import execute, fetch
from persistence.database.tables import Message, Session
from persistence.sessions.message_queries import load_message, load_messages
from persistence.sessions.message_tree import PATH, require_finished
from persistence.sessions.session_totals import totals
from records.access import AccessScope
from records.ids import MessageId, SessionId

_COPIED = (
    "role", "content", "reasoning", "status", "error", "model_id", "model_name", "thinking_mode", "generation",
    "time_to_first_token_ms", "rating", "created_at", "completed_at",
)  # fmt: skip
_COPY_CITATIONS = """
    INSERT INTO citations (message_id, marker, document_id, chunk_id, document_name, quote, page, score, used,
        start_offset, end_offset, bounding_box)
    SELECT ?, marker, document_id, chunk_id, document_name, quote, page, score, used, start_offset, end_offset, bounding_box
    FROM citations WHERE message_id = ? ORDER BY id
"""
_COPY_DOCUMENTS = """
    INSERT INTO session_documents (session_id, document_id, position)
    SELECT ?, document_id, position FROM session_documents WHERE session_id = ?
"""
_COPY_COLLECTIONS = """
    INSERT INTO session_collections (session_id, collection_id, position)
    SELECT ?, collection_id, position FROM session_collections WHERE session_id = ?
"""


async def fork_session(
    transaction: BaseDBAsyncClient, scope: AccessScope, message_id: MessageId, name: Mapping[str, str] | None
) -> SessionId:
    """Store a fork that ends in a message, and return its id. Without a name, it has that of its original.

    Raises `NotFound`, and `Conflict` if the message is unfinished.
    """
    last = await load_message(transaction, scope, message_id)
    require_finished([last])
    original = await Session.get(id=last.session_id, using_db=transaction)
    moment = now()
    columns = name or {"name": original.name, "name_key": original.name_key}
    fork = await Session.create(
        using_db=transaction, owner_id=scope.user_id, **columns, settings=original.settings, created_at=moment,
        updated_at=moment, active_at=moment,
    )  # fmt: skip
    for statement in (_COPY_DOCUMENTS, _COPY_COLLECTIONS):
        await execute(transaction, statement, [fork.id, original.id])
    ids = sorted(row[0] for row in await fetch(transaction, PATH, [message_id]))
    head_id = await _copy_messages(transaction, fork.id, ids)
    copied = await load_messages(transaction, scope, ids)
    summed: dict[str, Any] = totals(list(copied.values()))
    await Session.filter(id=fork.id).using_db(transaction).update(head_id=head_id, **summed)
    return SessionId(fork.id)


async def _copy_messages(transaction: BaseDBAsyncClient, session_id: int, ids: list[int]) -> int | None:
    """Copy messages of one branch, of which each is the parent of the next, and return the id of the last copy."""
    parent_id: int | None = None
    for original_id in ids:
        row = await Message.get(id=original_id, using_db=transaction)
        columns = {column: getattr(row, column) for column in _COPIED}
        copy = await Message.create(using_db=transaction, session_id=session_id, parent_id=parent_id, **columns)
        await execute(transaction, _COPY_CITATIONS, [copy.id, original_id])
        parent_id = copy.id
    return parent_id
