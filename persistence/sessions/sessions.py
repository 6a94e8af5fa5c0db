"""Sessions: their settings, the documents attached to them, and their erasure with all that was said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack
from persistence.database.keyset_pages import By, Order, count, page
from persistence.database.sqlite import execute, execute_many, fetch
from persistence.database.tables import Session
from persistence.documents.document_rows import require_documents
from persistence.search.words import bigrams
from persistence.sessions.session_rows import Filter, listing, load_session, load_sessions
from records.document import EraseReceipt
from records.ids import DocumentId, SessionId
from records.page import Page, PageRequest
from records.session import SessionRecord, SessionSettings
from records.values.text import encodable

NEWEST = By("LAST_MESSAGE_AT")


class Sessions:
    """Implements `services.interfaces.session_store.SessionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, document_ids: Sequence[DocumentId], settings: SessionSettings) -> SessionRecord:
        moment = now()
        async with self._database.writing() as transaction:
            row = await Session.create(
                using_db=transaction,
                **_naming(name),
                settings=pack(settings),
                created_at=moment,
                updated_at=moment,
                active_at=moment,
            )
            await _attach(transaction, row.id, document_ids)
            return await load_session(transaction, SessionId(row.id))

    async def get(self, session_id: SessionId) -> SessionRecord:
        async with self._database.reading() as reader:
            return await load_session(reader, session_id)

    async def find(self, session_id: SessionId) -> SessionRecord | None:
        return (await self.find_many([session_id])).get(session_id)

    async def find_many(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, SessionRecord]:
        async with self._database.reading() as reader:
            found = await load_sessions(reader, session_ids)
        return {record.id: record for record in found.values()}

    async def page(self, filter: Filter, order: Order, request: PageRequest) -> Page[SessionRecord]:
        async with self._database.snapshot() as reader:
            return await page(reader, listing(filter, order), request, load_sessions)

    async def count(self, filter: Filter) -> int:
        async with self._database.reading() as reader:
            return await count(reader, listing(filter, NEWEST))

    async def update(
        self,
        session_id: SessionId,
        *,
        name: str | None = None,
        document_ids: Sequence[DocumentId] | None = None,
        archived: bool | None = None,
        settings: SessionSettings | None = None,
    ) -> SessionRecord:
        """Change what is given. Raises `NotFound` for the session or a document."""
        changes: dict[str, Any] = {"updated_at": now()} | ({} if name is None else _naming(name))
        if archived is not None:
            changes["archived"] = archived
        if settings is not None:
            changes["settings"] = pack(settings)
        async with self._database.writing() as transaction:
            await load_session(transaction, session_id)
            await Session.filter(id=session_id).using_db(transaction).update(**changes)
            if document_ids is not None:
                await execute(transaction, "DELETE FROM session_documents WHERE session_id = ?", [session_id])
                await _attach(transaction, session_id, document_ids)
            return await load_session(transaction, session_id)

    async def delete(self, session_id: SessionId) -> EraseReceipt:
        """Raises `NotFound`."""
        async with self._database.writing() as transaction:
            await load_session(transaction, session_id)
            rows = await fetch(transaction, _CONTENT, [session_id])
            ids = [row["id"] for row in rows]
            before = await _left(transaction, session_id, ids)
            await Session.filter(id=session_id).using_db(transaction).delete()
            after = await _left(transaction, session_id, ids)
        return EraseReceipt(
            messages=before[0] - after[0], keyword_entries=before[1] - after[1], bytes=sum(row["size"] for row in rows)
        )

    async def document_ids(self, session_id: SessionId) -> tuple[DocumentId, ...]:
        async with self._database.reading() as reader:
            rows = await fetch(reader, _ATTACHED, [session_id])
        return tuple(DocumentId(row[0]) for row in rows)

    async def of_document(self, document_id: DocumentId, request: PageRequest) -> Page[SessionRecord]:
        return await self.page(_OfDocument(document_id), NEWEST, request)

    async def count_of_document(self, document_id: DocumentId) -> int:
        return await self.count(_OfDocument(document_id))


_ATTACHED = """
    SELECT places.document_id FROM session_documents AS places JOIN documents ON documents.id = places.document_id
    WHERE places.session_id = ? AND documents.status <> 'DELETING' ORDER BY places.position
"""
_CONTENT = """
    SELECT id, length(CAST(content || coalesce(reasoning, '') AS BLOB)) AS size FROM messages WHERE session_id = ?
"""
_LEFT = """
    SELECT (SELECT count(*) FROM messages WHERE session_id = ?1),
        (SELECT count(*) FROM session_words_docsize WHERE id = ?1)
        + (SELECT count(*) FROM message_words_docsize WHERE id IN (SELECT value FROM json_each(?2)))
"""


@dataclass(frozen=True, slots=True)
class _OfDocument:
    document_id: DocumentId
    query: str | None = None
    model_name: str | None = None
    archived: bool | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None


async def _attach(transaction: BaseDBAsyncClient, session_id: int, document_ids: Sequence[DocumentId]) -> None:
    distinct = list(dict.fromkeys(document_ids))
    await require_documents(transaction, distinct)
    await execute_many(
        transaction,
        "INSERT INTO session_documents (session_id, document_id, position) VALUES (?, ?, ?)",
        [(session_id, document_id, position) for position, document_id in enumerate(distinct)],
    )


async def _left(transaction: BaseDBAsyncClient, session_id: SessionId, message_ids: list[int]) -> tuple[int, int]:
    """Messages and keyword entries."""
    row = (await fetch(transaction, _LEFT, [session_id, json_array(message_ids)]))[0]
    return row[0], row[1]


def _naming(name: str) -> dict[str, str]:
    name = encodable(name)
    return {"name": name, "folded_name": name.casefold(), "bigrams": bigrams(name)}
