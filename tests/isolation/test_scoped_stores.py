"""Every method of a scoped store treats a foreign object exactly as one that never existed, and changes nothing of it.

The methods are those of the interfaces: a method without a case fails.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from persistence.database.database import Database
from persistence.database.sqlite import fetch
from records.answer import AnswerProgress
from records.document import ChunkRecord, DocumentChanges, DocumentRecord, NewDocument
from records.errors import NotFound
from records.filters import DocumentFilter, Order, SessionFilter
from records.ids import ChunkId, DocumentId, MessageId, ModelId, SessionId
from records.page import PageRequest
from records.retrieval import SearchedDocuments
from records.session import MessageRating, MessageRecord, MessageStatus, SessionSettings, ThinkingMode
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.interfaces.session_store import SessionStore
from tests.access import LOCAL, STRANGER, add_stranger
from tests.persistence.stores import Stores, cite
from tests.support.source import public_methods

KEY = "retry-1"
TABLES = (
    "sessions",
    "messages",
    "citations",
    "documents",
    "document_tags",
    "session_documents",
    "chunks",
    "text_pieces",
)
FIRST = PageRequest(first=10)
BY_TIME, LATEST = Order("CREATED_AT"), Order("LAST_MESSAGE_AT")


@dataclass(frozen=True)
class Ids:
    """Objects of the local user, or objects that never existed."""

    document: DocumentId
    chunk: ChunkRecord
    session: SessionId
    prompt: MessageId
    answer: MessageRecord

    def progress(self) -> AnswerProgress:
        return AnswerProgress(self.answer.id, MessageStatus.GENERATING, "more", "", True, ())


def only(document_id: DocumentId) -> SearchedDocuments:
    return SearchedDocuments((document_id,))


Case = Callable[[Stores, Ids], Awaitable[Any]]
CASES: dict[str, Case] = {
    "SessionStore.create": lambda s, ids: s.sessions.create(STRANGER, "mine", [ids.document], SessionSettings()),
    "SessionStore.get": lambda s, ids: s.sessions.get(STRANGER, ids.session),
    "SessionStore.find": lambda s, ids: s.sessions.find(STRANGER, ids.session),
    "SessionStore.find_many": lambda s, ids: s.sessions.find_many(STRANGER, [ids.session]),
    "SessionStore.page": lambda s, ids: s.sessions.page(STRANGER, SessionFilter(query="torque"), LATEST, FIRST),
    "SessionStore.count": lambda s, ids: s.sessions.count(STRANGER, SessionFilter()),
    "SessionStore.update": lambda s, ids: s.sessions.update(STRANGER, ids.session, name="taken", document_ids=[]),
    "SessionStore.attach": lambda s, ids: s.sessions.attach(STRANGER, ids.session, ids.document),
    "SessionStore.fork": lambda s, ids: s.sessions.fork(STRANGER, ids.answer.id, None),
    "SessionStore.delete": lambda s, ids: s.sessions.delete(STRANGER, ids.session),
    "SessionStore.document_ids": lambda s, ids: s.sessions.document_ids(STRANGER, ids.session),
    "SessionStore.of_document": lambda s, ids: s.sessions.of_document(STRANGER, ids.document, FIRST),
    "SessionStore.count_of_document": lambda s, ids: s.sessions.count_of_document(STRANGER, ids.document),
    "MessageStore.start_exchange": lambda s, ids: s.messages.start_exchange(
        STRANGER,
        ids.session,
        "mine",
        thinking_mode=ThinkingMode.DIRECT,
        model_id=ModelId("m"),
        model_name="m",
        idempotency_key=KEY,
    ),
    "MessageStore.find_exchange": lambda s, ids: s.messages.find_exchange(STRANGER, ids.session, KEY),
    "MessageStore.find_unfinished": lambda s, ids: s.messages.find_unfinished(STRANGER, ids.session),
    "MessageStore.start_answer": lambda s, ids: s.messages.start_answer(
        STRANGER, ids.prompt, thinking_mode=ThinkingMode.RAG, model_id=ModelId("m"), model_name="M"
    ),
    "MessageStore.siblings": lambda s, ids: s.messages.siblings(STRANGER, ids.answer),
    "MessageStore.get": lambda s, ids: s.messages.get(STRANGER, ids.prompt),
    "MessageStore.find": lambda s, ids: s.messages.find(STRANGER, ids.prompt),
    "MessageStore.find_many": lambda s, ids: s.messages.find_many(STRANGER, [ids.prompt, ids.answer.id]),
    "MessageStore.page": lambda s, ids: s.messages.page(STRANGER, ids.session, FIRST),
    "MessageStore.count": lambda s, ids: s.messages.count(STRANGER, ids.session),
    "MessageStore.history": lambda s, ids: s.messages.history(STRANGER, ids.answer.id, 5),
    "MessageStore.checkpoint": lambda s, ids: s.messages.checkpoint(STRANGER, ids.progress()),
    "MessageStore.finish": lambda s, ids: s.messages.finish(STRANGER, ids.answer),
    "MessageStore.fail_unfinished": lambda s, ids: s.messages.fail_unfinished(STRANGER),
    "MessageStore.delete_exchange": lambda s, ids: s.messages.delete_exchange(STRANGER, ids.prompt),
    "MessageStore.rate": lambda s, ids: s.messages.rate(STRANGER, ids.answer.id, MessageRating.UP),
    "DocumentStore.add": lambda s, ids: add_same_bytes(s),
    "DocumentStore.is_stored": lambda s, ids: owns_same_bytes(s),
    "DocumentStore.require": lambda s, ids: s.documents.require(STRANGER, [ids.document]),
    "DocumentStore.get": lambda s, ids: s.documents.get(STRANGER, ids.document),
    "DocumentStore.find": lambda s, ids: s.documents.find(STRANGER, ids.document),
    "DocumentStore.find_many": lambda s, ids: s.documents.find_many(STRANGER, [ids.document]),
    "DocumentStore.page": lambda s, ids: s.documents.page(
        STRANGER, DocumentFilter(session_id=ids.session), BY_TIME, FIRST
    ),
    "DocumentStore.count": lambda s, ids: s.documents.count(STRANGER, DocumentFilter(tags=("steel",))),
    "DocumentStore.update": lambda s, ids: s.documents.update(STRANGER, ids.document, DocumentChanges(name="taken")),
    "DocumentStore.text": lambda s, ids: s.documents.text(STRANGER, ids.document, 0, 100),
    "DocumentStore.outline": lambda s, ids: s.documents.outline(STRANGER, ids.document),
    "DocumentStore.resolve_scope": lambda s, ids: s.documents.resolve_scope(
        STRANGER, SearchedDocuments((ids.document,)), None
    ),
    "DocumentStore.require_changeable": lambda s, ids: s.documents.require_changeable(STRANGER, ids.document),
    "DocumentStore.mark_deleting": lambda s, ids: s.documents.mark_deleting(STRANGER, ids.document),
    "ChunkStore.get": lambda s, ids: s.chunks.get(STRANGER, ids.chunk.id),
    "ChunkStore.find": lambda s, ids: s.chunks.find(STRANGER, ids.chunk.id),
    "ChunkStore.find_many": lambda s, ids: s.chunks.find_many(STRANGER, [ids.chunk.id]),
    "ChunkStore.neighbour": lambda s, ids: s.chunks.neighbour(STRANGER, ids.chunk, 1),
    "ChunkStore.neighbours": lambda s, ids: s.chunks.neighbours(STRANGER, [ids.chunk.id]),
    "ChunkStore.pages_of": lambda s, ids: s.chunks.pages_of(STRANGER, [ids.chunk.id]),
    "ChunkStore.page": lambda s, ids: s.chunks.page(STRANGER, ids.document, FIRST),
    "ChunkStore.count": lambda s, ids: s.chunks.count(STRANGER, ids.document),
    "ChunkStore.cited_by": lambda s, ids: s.chunks.cited_by(STRANGER, ids.chunk.id, FIRST),
    "ChunkStore.count_cited_by": lambda s, ids: s.chunks.count_cited_by(STRANGER, ids.chunk.id),
}


async def add_same_bytes(stores: Stores) -> bool:
    """Add a document with the bytes of the local user's document. Return whether the store reports a duplicate."""
    new = await stores.documents.get(LOCAL, DocumentId(1))
    return (await stores.documents.add(STRANGER, new_from(new)))[1]


async def owns_same_bytes(stores: Stores) -> bool:
    """Return whether the stranger owns a document with the bytes of the local user's document."""
    return await stores.documents.is_stored(STRANGER, new_from(await stores.documents.get(LOCAL, DocumentId(1))))


def new_from(document: DocumentRecord) -> NewDocument:
    """Return a new document with the bytes of a stored one."""
    return NewDocument("mine", "text/plain", document.byte_size, document.sha256, document.source)


async def outcome(case: Case, stores: Stores, ids: Ids) -> object:
    """Return the result of a case, or its error without the id."""
    try:
        return await case(stores, ids)
    except NotFound as error:
        return error.kind, error.message, error.field


async def make_world(database: Database) -> tuple[Stores, Ids, Ids]:
    """Store objects of the local user; return their ids, and ids that never existed."""
    stores = Stores(database)
    await add_stranger(database)
    document = await stores.ingest("Bolt A takes 35 Nm.", "Bolt B takes 50 Nm.", tags=("steel",))
    chunk = (await stores.chunks.page(LOCAL, document.id, FIRST)).items[0]
    session = await stores.session("Torque", document.id)
    await stores.exchange(session.id, "What torque?", "35 Nm [1].", cite(document, chunk.id))
    prompt, answer, _ = await stores.ask(session.id, "And bolt B?", KEY)
    foreign = Ids(document.id, chunk, session.id, prompt.id, answer)
    nowhere = Ids(
        DocumentId(404),
        replace(chunk, id=ChunkId(404), document_id=DocumentId(404)),
        SessionId(404),
        MessageId(404),
        replace(answer, id=MessageId(405), session_id=SessionId(404)),
    )
    return stores, foreign, nowhere


async def rows_of_local_user(database: Database) -> list[list[tuple[Any, ...]]]:
    """Return all rows, without those that a stranger owns."""
    found = []
    async with database.snapshot() as reader:
        for table in TABLES:
            where = f"WHERE owner_id <> {STRANGER.user_id}" if table in ("sessions", "documents") else ""
            found.append([tuple(row) for row in await fetch(reader, f"SELECT * FROM {table} {where}")])
    return found


def test_every_method_of_a_scoped_store_has_a_case() -> None:
    interfaces = (SessionStore, MessageStore, DocumentStore, ChunkStore)
    assert set(CASES) == {f"{each.__name__}.{name}" for each in interfaces for name in public_methods(each)}


@pytest.mark.parametrize("name", CASES)
async def test_a_foreign_object_is_like_one_that_never_existed(database: Database, name: str) -> None:
    stores, foreign, nowhere = await make_world(database)
    before = await rows_of_local_user(database)
    expected = await outcome(CASES[name], stores, nowhere)
    assert before == await rows_of_local_user(database)
    if name == "DocumentStore.add":
        assert expected is False, "the bytes of a foreign document are new"
        return
    assert await outcome(CASES[name], stores, foreign) == expected
    assert before == await rows_of_local_user(database)


async def test_the_owner_receives_what_the_stranger_does_not(database: Database) -> None:
    stores, own, _ = await make_world(database)
    assert await stores.sessions.find(LOCAL, own.session) is not None
    assert await stores.messages.count(LOCAL, own.session) == 4
    assert await stores.messages.history(LOCAL, own.answer.id, 5)
    assert await stores.chunks.count_cited_by(LOCAL, own.chunk.id) == 1
    assert await stores.chunks.neighbours(LOCAL, [own.chunk.id])
    assert await stores.documents.count(LOCAL, DocumentFilter(session_id=own.session)) == 1
    assert await stores.documents.resolve_scope(LOCAL, None, None) is None
    assert await stores.documents.resolve_scope(STRANGER, None, None) == ()


async def test_two_users_have_a_document_each_with_the_same_bytes(database: Database) -> None:
    stores, own, _ = await make_world(database)
    document = await stores.documents.get(LOCAL, own.document)
    second, is_duplicate = await stores.documents.add(STRANGER, new_from(document))
    assert not is_duplicate
    assert second.id != document.id
    assert await stores.documents.add(STRANGER, new_from(document)) == (second, True)
    assert await stores.documents.resolve_scope(LOCAL, None, None) == (document.id,)
    await stores.documents.mark_deleting(LOCAL, document.id)
    assert await stores.ingested.original_in_use(document.sha256), "the other user's document needs it"
