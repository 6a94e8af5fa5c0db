"""Storage of collections and of the documents that they contain."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import changeable_documents, collections_of, scope_filter
from persistence.collections.collection_queries import LEVELS, load_collection, load_collections, require_collections
from persistence.database.collection_tables import Collection
from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack, parse_time, stamp
from persistence.database.keyset_pages import Listing, count, page
from persistence.database.sqlite import execute_many, fetch
from persistence.documents.document_queries import require_documents
from records.access import (
    AccessLevel,
    AccessScope,
    AnyScope,
    CollectionFields,
    CollectionFilter,
    CollectionRecord,
    CollectionStatistics,
)
from records.errors import Conflict, Forbidden
from records.ids import CollectionId, DocumentId, SessionId, UserId
from records.page import Page, PageRequest
from records.values.text import comparison_key, encodable

ANSWER_DAYS = timedelta(days=30)
"""The period in which `CollectionStatistics.answers_last_30_days` counts answers."""

_OF_SESSION = """
    SELECT collection_id FROM session_collections JOIN sessions ON sessions.id = session_collections.session_id
    WHERE session_id = ? AND {session_included} AND collection_id IN ({visible}) ORDER BY position
"""
_CONTAINED = """
    SELECT document_id FROM collection_documents
    WHERE collection_id = ? AND document_id IN (SELECT value FROM json_each(?))
"""
_OWNED = "SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND owning_collection_id = ?"
_CHANGEABLE = "SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND {}"
_DOCUMENT_COUNTS = """
    SELECT count(*) AS documents, total(status = 'READY') AS ready, total(chunk_count) AS chunks, total(byte_size) AS bytes
    FROM collection_documents JOIN documents ON documents.id = document_id
    WHERE collection_id = ? AND status <> 'DELETING'
"""
_USE_COUNTS = """
    SELECT (SELECT count(DISTINCT user_id) FROM user_collections WHERE collection_id = ?1) AS members,
        (SELECT count(*) FROM session_collections WHERE collection_id = ?1) AS sessions,
        (SELECT count(*) FROM messages WHERE role = 'ASSISTANT' AND created_at > ?2
            AND session_id IN (SELECT session_id FROM session_collections WHERE collection_id = ?1)) AS answers,
        (SELECT max(created_at) FROM messages WHERE role = 'USER'
            AND session_id IN (SELECT session_id FROM session_collections WHERE collection_id = ?1)) AS last_asked_at
"""
_MEMBERS = "SELECT collection_id, user_id, max(rank) FROM user_collections GROUP BY collection_id, user_id"


class Collections:
    """Implements `services.interfaces.access.collection_store.CollectionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, scope: AccessScope, fields: CollectionFields) -> CollectionRecord:
        moment = now()
        async with self._database.writing() as transaction:
            row = await Collection.create(
                using_db=transaction, **_columns(fields), creator_id=scope.user_id, created_at=moment, updated_at=moment
            )
            return await load_collection(transaction, scope, CollectionId(row.id))

    async def get(self, scope: AccessScope, collection_id: CollectionId) -> CollectionRecord:
        async with self._database.snapshot() as reader:
            return await load_collection(reader, scope, collection_id)

    async def find_many(self, scope: AnyScope, ids: Sequence[CollectionId]) -> Mapping[CollectionId, CollectionRecord]:
        async with self._database.snapshot() as reader:
            found = await load_collections(reader, scope, ids)
        return {record.id: record for record in found.values()}

    async def require(self, scope: AccessScope, ids: Sequence[CollectionId], level: AccessLevel) -> None:
        async with self._database.snapshot() as reader:
            await require_collections(reader, scope, ids, level)

    async def page(self, scope: AccessScope, filter: CollectionFilter, request: PageRequest) -> Page[CollectionRecord]:
        async with self._database.snapshot() as reader:
            listing = _list_collections(scope, filter)
            return await page(reader, listing, request, lambda client, ids: load_collections(client, scope, ids))

    async def count(self, scope: AccessScope, filter: CollectionFilter) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _list_collections(scope, filter))

    async def update(
        self, scope: AccessScope, collection_id: CollectionId, change: Callable[[CollectionFields], CollectionFields]
    ) -> CollectionRecord:
        async with self._database.writing() as transaction:
            await require_collections(transaction, scope, [collection_id], AccessLevel.MANAGE)
            chosen = change((await load_collection(transaction, scope, collection_id)).fields)
            row = Collection.filter(id=collection_id).using_db(transaction)
            await row.update(**_columns(chosen), updated_at=now())
            return await load_collection(transaction, scope, collection_id)

    async def of_session(self, scope: AccessScope, session_id: SessionId) -> tuple[CollectionRecord, ...]:
        session, visible = scope_filter(scope, "sessions"), collections_of(scope)
        query = _OF_SESSION.format(session_included=session.unindexed, visible=visible.sql)
        async with self._database.snapshot() as reader:
            rows = await fetch(reader, query, [session_id, *session.values, *visible.values])
            found = await load_collections(reader, scope, [row[0] for row in rows])
        return tuple(found[row[0]] for row in rows)

    async def add_documents(
        self, scope: AccessScope, collection_id: CollectionId, document_ids: Sequence[DocumentId]
    ) -> tuple[DocumentId, ...]:
        async with self._database.writing() as transaction:
            await require_collections(transaction, scope, [collection_id], AccessLevel.WRITE)
            await require_documents(transaction, scope, document_ids)
            await _require_changeable(transaction, scope, document_ids)
            contained = await _contained(transaction, collection_id, document_ids)
            added = tuple(each for each in document_ids if each not in contained)
            await _place(transaction, collection_id, added)
        return added

    async def remove_documents(
        self, scope: AccessScope, collection_id: CollectionId, document_ids: Sequence[DocumentId]
    ) -> tuple[DocumentId, ...]:
        async with self._database.writing() as transaction:
            await require_collections(transaction, scope, [collection_id], AccessLevel.WRITE)
            await require_documents(transaction, scope, document_ids)
            if await fetch(transaction, _OWNED, [json_array(document_ids), collection_id]):
                raise Conflict(
                    "The collection owns a document, which was uploaded into it. Delete the document instead.",
                    field="document_ids",
                )
            contained = await _contained(transaction, collection_id, document_ids)
            removed = tuple(each for each in document_ids if each in contained)
            query = "DELETE FROM collection_documents WHERE collection_id = ? AND document_id = ?"
            await execute_many(transaction, query, [(collection_id, each) for each in removed])
        return removed

    async def statistics(self, scope: AccessScope, collection_id: CollectionId) -> CollectionStatistics:
        async with self._database.snapshot() as reader:
            await require_collections(reader, scope, [collection_id], AccessLevel.MANAGE)
            [documents] = await fetch(reader, _DOCUMENT_COUNTS, [collection_id])
            [use] = await fetch(reader, _USE_COUNTS, [collection_id, stamp(now() - ANSWER_DAYS)])
        return CollectionStatistics(
            documents=documents["documents"],
            ready_documents=int(documents["ready"]),
            chunks=int(documents["chunks"]),
            bytes=int(documents["bytes"]),
            members=use["members"],
            sessions=use["sessions"],
            answers_last_30_days=use["answers"],
            last_asked_at=parse_time(use["last_asked_at"]),
        )

    async def members(self) -> Mapping[CollectionId, Mapping[UserId, AccessLevel]]:
        members: dict[CollectionId, dict[UserId, AccessLevel]] = {}
        async with self._database.reading() as reader:
            for collection_id, user_id, rank in await fetch(reader, _MEMBERS):
                members.setdefault(CollectionId(collection_id), {})[UserId(user_id)] = LEVELS[rank]
        return members


async def _require_changeable(
    client: BaseDBAsyncClient, scope: AccessScope, document_ids: Sequence[DocumentId]
) -> None:
    """Raise `Forbidden` unless the user may change all of these documents."""
    included = changeable_documents(scope)
    rows = await fetch(client, _CHANGEABLE.format(included.sql), [json_array(document_ids), *included.values])
    if len(rows) < len(set(document_ids)):
        raise Forbidden("You can add your own documents, and those of a collection in which you have the level WRITE.")


async def _contained(
    client: BaseDBAsyncClient, collection_id: CollectionId, document_ids: Sequence[DocumentId]
) -> set[int]:
    """Return the documents among `document_ids` that the collection contains."""
    return {row[0] for row in await fetch(client, _CONTAINED, [collection_id, json_array(document_ids)])}


async def _place(
    transaction: BaseDBAsyncClient, collection_id: CollectionId, document_ids: Sequence[DocumentId]
) -> None:
    query = "INSERT INTO collection_documents (collection_id, document_id) VALUES (?, ?)"
    await execute_many(transaction, query, [(collection_id, each) for each in document_ids])


def _list_collections(scope: AccessScope, filter: CollectionFilter) -> Listing:
    included = scope_filter(scope, "collections")
    where, values = [included.sql], list[Any](included.values)
    if filter.name_contains is not None:
        where.append("instr(collections.name_key, ?) > 0")
        values.append(comparison_key(filter.name_contains))
    if filter.user_id is not None:
        where.append("collections.id IN (SELECT collection_id FROM user_collections WHERE user_id = ?)")
        values.append(filter.user_id)
    return Listing(
        order="collections", source="collections", key="collections.name_key", id="collections.id", key_type=str,
        where=" AND ".join(where), values=tuple(values),
    )  # fmt: skip


def _columns(fields: CollectionFields) -> dict[str, Any]:
    return {
        "name": encodable(fields.name),
        "name_key": comparison_key(fields.name),
        "description": fields.description and encodable(fields.description),
        "settings": pack(fields.settings),
        "hides_system_prompt": fields.hides_system_prompt,
        "locked": pack(fields.locked),
    }
