"""The condition of a scope does not change how SQLite finds rows: by their ids, or in the order of a list."""

import pytest
from tortoise.models import Model

from persistence.access.scope_filter import Table, scope_filter
from persistence.database.database import Database
from persistence.database.keyset_pages import Listing
from persistence.database.sqlite import fetch
from persistence.database.tables import Chunk, Document, Message, Session
from persistence.documents.document_queries import list_documents
from persistence.sessions.session_queries import list_sessions
from records.document import SEARCHABLE, UNFINISHED
from records.filters import DocumentFilter, Order, SessionFilter
from records.ids import DocumentId, SessionId
from tests.access import LOCAL

BY_ORDER = "USING INDEX idx_documents_created", "USING COVERING INDEX idx_sessions_owner"
LISTS = {
    "documents": (list_documents(LOCAL, DocumentFilter(), Order("CREATED_AT")), True),
    "documents being ingested": (list_documents(LOCAL, DocumentFilter(status=UNFINISHED), Order("CREATED_AT")), False),
    "documents of a session": (
        list_documents(LOCAL, DocumentFilter(session_id=SessionId(1)), Order("CREATED_AT")),
        False,
    ),
    "documents with a tag": (list_documents(LOCAL, DocumentFilter(tags=("steel",)), Order("CREATED_AT")), False),
    "sessions": (list_sessions(LOCAL, SessionFilter(), Order("LAST_MESSAGE_AT")), True),
    "sessions of a document": (
        list_sessions(LOCAL, SessionFilter(document_id=DocumentId(1)), Order("LAST_MESSAGE_AT")),
        False,
    ),
    "sessions with a word": (list_sessions(LOCAL, SessionFilter(query="torque"), Order("RELEVANCE")), False),
}
"""Lists, each with True if it is read in the order of an index: of all documents, or of the sessions of an owner."""


async def explain(database: Database, sql: str, values: tuple[object, ...] = ()) -> list[str]:
    async with database.reading() as reader:
        return [row["detail"] for row in await fetch(reader, f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize("count", [1, 25, 1000])
@pytest.mark.parametrize(
    ("model", "table"), [(Document, "documents"), (Session, "sessions"), (Message, "messages"), (Chunk, "chunks")]
)
async def test_rows_are_read_by_their_ids(database: Database, model: type[Model], table: Table, count: int) -> None:
    async with database.reading() as reader:
        query = model.filter(id__in=list(range(1, count + 1)))
        sql = scope_filter(LOCAL, table).apply(query).using_db(reader).sql(params_inline=True)
    assert (await explain(database, sql))[0] == f"SEARCH {table} USING INTEGER PRIMARY KEY (rowid=?)"


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_read_in_the_order_of_an_index_unless_it_selects_few_rows(
    database: Database, name: str
) -> None:
    listing, in_order = LISTS[name]
    plan = await explain(database, select(listing), listing.values)
    assert any(part in step for step in plan for part in BY_ORDER) is in_order, plan
    assert in_order is not any("TEMP B-TREE FOR ORDER BY" in step for step in plan), plan


def select(listing: Listing) -> str:
    order = f"ORDER BY {listing.key} DESC, {listing.id} DESC LIMIT 25"
    return f"SELECT {listing.key}, {listing.id} FROM {listing.source} WHERE {listing.where} {order}"


async def test_chunks_of_searchable_documents_are_read_by_their_ids(database: Database) -> None:
    async with database.reading() as reader:
        query = Chunk.filter(id__in=list(range(1, 101)), document__status__in=SEARCHABLE)
        sql = scope_filter(LOCAL, "chunks").apply(query).using_db(reader).sql(params_inline=True)
    assert (await explain(database, sql))[0] == "SEARCH chunks USING INTEGER PRIMARY KEY (rowid=?)"
