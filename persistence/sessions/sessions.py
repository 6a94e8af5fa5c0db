"""Storage of sessions, their settings and their attached documents."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter
from persistence.access.users import require_account
from persistence.collections.collection_queries import require_collections
from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack
from persistence.database.keyset_pages import count, page
from persistence.database.sqlite import execute, execute_many, fetch
from persistence.database.tables import Session
from persistence.documents.document_queries import require_documents
from persistence.sessions.forks import fork_session
from persistence.sessions.message_tree import head_of_branch
from persistence.sessions.session_queries import list_sessions, load_session, load_sessions
from persistence.sessions.session_relevance import relevance_of_scope
from records.access import AccessScope, AnyScope
from records.document import EraseReceipt
from records.filters import Order, SessionFilter
from records.ids import CollectionId, DocumentId, MessageId, SessionId
from records.page import Page, PageRequest
from records.session import SessionRecord, SessionSettings
from records.values.text import comparison_key, encodable

NEWEST_FIRST = Order("LAST_MESSAGE_AT")


class Sessions:
    """Implements `services.interfaces.session_store.SessionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        scope: AccessScope,
        name: str,
        document_ids: Sequence[DocumentId],
        settings: SessionSettings,
        collection_ids: Sequence[CollectionId] = (),
    ) -> SessionRecord:
        moment = now()
        async with self._database.writing() as transaction:
            await require_account(transaction, scope)
            row = await Session.create(
                using_db=transaction,
                owner_id=scope.user_id,
                **_name_columns(name),
                settings=pack(settings),
                created_at=moment,
                updated_at=moment,
                active_at=moment,
            )
            await _attach(transaction, scope, row.id, document_ids)
            await _choose(transaction, scope, row.id, collection_ids)
            return await load_session(transaction, scope, SessionId(row.id))

    async def get(self, scope: AnyScope, session_id: SessionId) -> SessionRecord:
        async with self._database.reading() as reader:
            return await load_session(reader, scope, session_id)

    async def find(self, scope: AnyScope, session_id: SessionId) -> SessionRecord | None:
        return (await self.find_many(scope, [session_id])).get(session_id)

    async def find_many(self, scope: AnyScope, session_ids: Sequence[SessionId]) -> Mapping[SessionId, SessionRecord]:
        async with self._database.reading() as reader:
            found = await load_sessions(reader, scope, session_ids)
        return {record.id: record for record in found.values()}

    async def page(
        self, scope: AnyScope, filter: SessionFilter, order: Order, request: PageRequest
    ) -> Page[SessionRecord]:
        async with self._database.snapshot() as reader:
            stemmer = self._database.highlighter.stemmer
            relevance = await relevance_of_scope(reader, scope, filter, order, stemmer)
            listing = list_sessions(scope, filter, order, relevance)
            return await page(reader, listing, request, lambda client, ids: load_sessions(client, scope, ids))

    async def count(self, scope: AnyScope, filter: SessionFilter) -> int:
        async with self._database.reading() as reader:
            return await count(reader, list_sessions(scope, filter, NEWEST_FIRST))

    async def update(
        self,
        scope: AnyScope,
        session_id: SessionId,
        *,
        name: str | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        collection_ids: Sequence[CollectionId] | None = None,
        archived: bool | None = None,
        settings: SessionSettings | None = None,
        head_id: MessageId | None = None,
    ) -> SessionRecord:
        columns: dict[str, Any] = {"updated_at": now()} | ({} if name is None else _name_columns(name))
        if archived is not None:
            columns["archived"] = archived
        if settings is not None:
            columns["settings"] = pack(settings)
        async with self._database.writing() as transaction:
            await load_session(transaction, scope, session_id)
            if head_id is not None:
                columns["head_id"] = await head_of_branch(transaction, scope, session_id, head_id)
            await Session.filter(id=session_id).using_db(transaction).update(**columns)
            if document_ids is not None:
                await execute(transaction, "DELETE FROM session_documents WHERE session_id = ?", [session_id])
                await _attach(transaction, scope, session_id, document_ids)
            if collection_ids is not None:
                await execute(transaction, "DELETE FROM session_collections WHERE session_id = ?", [session_id])
                await _choose(transaction, scope, session_id, collection_ids)
            return await load_session(transaction, scope, session_id)

    async def fork(self, scope: AccessScope, message_id: MessageId, name: str | None) -> SessionRecord:
        async with self._database.writing() as transaction:
            session_id = await fork_session(transaction, scope, message_id, _name_columns(name) if name else None)
            return await load_session(transaction, scope, session_id)

    async def delete(self, scope: AnyScope, session_id: SessionId) -> EraseReceipt:
        async with self._database.writing() as transaction:
            await load_session(transaction, scope, session_id)
            rows = await fetch(transaction, _MESSAGE_SIZES, [session_id])
            ids = [row["id"] for row in rows]
            before = await _count_content(transaction, session_id, ids)
            await Session.filter(id=session_id).using_db(transaction).delete()
            after = await _count_content(transaction, session_id, ids)
        return EraseReceipt(
            messages=before[0] - after[0], keyword_entries=before[1] - after[1], bytes=sum(row["size"] for row in rows)
        )

    async def document_ids(self, scope: AnyScope, session_id: SessionId) -> tuple[DocumentId, ...]:
        sessions, documents = scope_filter(scope, "sessions"), scope_filter(scope, "documents")
        query = _ATTACHED.format(session_included=sessions.unindexed, document_included=documents.unindexed)
        async with self._database.reading() as reader:
            rows = await fetch(reader, query, [session_id, *sessions.values, *documents.values])
        return tuple(DocumentId(row[0]) for row in rows)

    async def attach(self, scope: AccessScope, session_id: SessionId, document_id: DocumentId) -> SessionRecord:
        async with self._database.writing() as transaction:
            await load_session(transaction, scope, session_id)
            await require_documents(transaction, scope, [document_id])
            await execute(transaction, _ATTACH_LAST, [session_id, document_id, session_id])
            await Session.filter(id=session_id).using_db(transaction).update(updated_at=now())
            return await load_session(transaction, scope, session_id)

    async def of_document(self, scope: AnyScope, document_id: DocumentId, request: PageRequest) -> Page[SessionRecord]:
        return await self.page(scope, SessionFilter(document_id=document_id), NEWEST_FIRST, request)

    async def count_of_document(self, scope: AnyScope, document_id: DocumentId) -> int:
        return await self.count(scope, SessionFilter(document_id=document_id))


_ATTACHED = """
    SELECT attached.document_id FROM session_documents AS attached JOIN documents ON documents.id = attached.document_id
    JOIN sessions ON sessions.id = attached.session_id
    WHERE attached.session_id = ? AND documents.status <> 'DELETING' AND {session_included}
        AND {document_included} ORDER BY attached.position
"""
_ATTACH_LAST = """
    INSERT OR IGNORE INTO session_documents (session_id, document_id, position)
    SELECT ?, ?, 1 + coalesce(max(position), -1) FROM session_documents WHERE session_id = ?
"""
_MESSAGE_SIZES = """
    SELECT id, length(CAST(content || coalesce(reasoning, '') AS BLOB)) AS size FROM messages WHERE session_id = ?
"""
_CONTENT_COUNTS = """
    SELECT (SELECT count(*) FROM messages WHERE session_id = ?1),
        (SELECT count(*) FROM sessions_fts_docsize WHERE id = ?1)
        + (SELECT count(*) FROM messages_fts_docsize WHERE id IN (SELECT value FROM json_each(?2)))
"""


async def _attach(
    transaction: BaseDBAsyncClient, scope: AnyScope, session_id: int, document_ids: Sequence[DocumentId]
) -> None:
    """Attach documents of the scope to a session that has none. Raises `NotFound`."""
    distinct = list(dict.fromkeys(document_ids))
    await require_documents(transaction, scope, distinct)
    await execute_many(
        transaction,
        "INSERT INTO session_documents (session_id, document_id, position) VALUES (?, ?, ?)",
        [(session_id, document_id, position) for position, document_id in enumerate(distinct)],
    )


async def _choose(
    transaction: BaseDBAsyncClient, scope: AnyScope, session_id: int, collection_ids: Sequence[CollectionId]
) -> None:
    """Choose collections of the scope for a session that has none. Raises `NotFound`."""
    distinct = list(dict.fromkeys(collection_ids))
    await require_collections(transaction, scope, distinct)
    await execute_many(
        transaction,
        "INSERT INTO session_collections (session_id, collection_id, position) VALUES (?, ?, ?)",
        [(session_id, collection_id, position) for position, collection_id in enumerate(distinct)],
    )


async def _count_content(
    transaction: BaseDBAsyncClient, session_id: SessionId, message_ids: list[int]
) -> tuple[int, int]:
    """Return the numbers of messages and of keyword entries."""
    row = (await fetch(transaction, _CONTENT_COUNTS, [session_id, json_array(message_ids)]))[0]
    return row[0], row[1]


def _name_columns(name: str) -> dict[str, str]:
    return {"name": encodable(name), "name_key": comparison_key(name)}
