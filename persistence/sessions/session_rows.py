"""Session rows as records, and filters, orders and searches of sessions as SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.json_columns import stamp, unpack
from persistence.database.keyset_pages import Listing, Order
from persistence.database.sqlite import batches
from persistence.database.tables import Session
from persistence.search.words import any_of, parse, quoted
from records.errors import NotFound
from records.ids import DocumentId, MessageId, ModelId, SessionId
from records.session import SessionRecord, SessionSettings, TokenUsage
from records.values.text import encodable


class Filter(Protocol):
    """`records.filters.SessionFilter`."""

    @property
    def query(self) -> str | None: ...
    @property
    def document_id(self) -> DocumentId | None: ...
    @property
    def model_name(self) -> str | None: ...
    @property
    def archived(self) -> bool | None: ...
    @property
    def updated_after(self) -> datetime | None: ...
    @property
    def updated_before(self) -> datetime | None: ...


MOST_WORDS = 16
"Words of a search through sessions; each costs a look-up of its own."

_NO_STOP_WORDS: frozenset[str] = frozenset()
_KEYS = {
    "LAST_MESSAGE_AT": "sessions.active_at",
    "CREATED_AT": "sessions.created_at",
    "NAME": "sessions.folded_name",
}
# Each word stands somewhere in the session, in its name or in any message.
_WITH_WORD = """sessions.id IN (
    SELECT rowid FROM session_words WHERE session_words MATCH ? UNION
    SELECT messages.session_id FROM message_words JOIN messages ON messages.id = message_words.rowid
    WHERE message_words MATCH ?
)"""
# A session is as relevant as its best message, or as its name, which counts double.
_RELEVANCE = """(
    SELECT session_id, max(score) AS score FROM (
        SELECT rowid AS session_id, -2.0 * bm25(session_words) AS score FROM session_words WHERE session_words MATCH ?
        UNION ALL
        SELECT messages.session_id, -bm25(message_words) FROM message_words
        JOIN messages ON messages.id = message_words.rowid WHERE message_words MATCH ?
    ) GROUP BY session_id
) AS relevance JOIN sessions ON sessions.id = relevance.session_id"""


def listing(filter: Filter, order: Order) -> Listing:
    """`RELEVANCE` without words to look for is `LAST_MESSAGE_AT`."""
    terms = _terms(filter.query)
    where, values = _conditions(filter, terms)
    if order.field == "RELEVANCE" and terms:
        expression = any_of(terms)
        return Listing(
            order="sessions RELEVANCE", source=_RELEVANCE, key="relevance.score", id="sessions.id", kind=float,
            where=" AND ".join(where), values=(expression, expression, *values), descending=order.descending,
        )  # fmt: skip
    field = "LAST_MESSAGE_AT" if order.field == "RELEVANCE" else order.field
    return Listing(
        order=f"sessions {field}", source="sessions", key=_KEYS[field], id="sessions.id", kind=str,
        where=" AND ".join(where), values=tuple(values), descending=order.descending,
    )  # fmt: skip


def _terms(query: str | None) -> Sequence[str] | None:
    """None where nothing was asked for, nothing where what was asked for has no words."""
    if query is None or not query.strip():
        return None
    parsed = parse(query, _NO_STOP_WORDS)
    return (parsed.words + parsed.pairs)[:MOST_WORDS]


def _conditions(filter: Filter, terms: Sequence[str] | None) -> tuple[list[str], list[Any]]:
    where, values = ["1"] if terms is None or terms else ["0"], list[Any]()
    for term in terms or ():
        where.append(_WITH_WORD)
        values += (quoted(term), quoted(term))
    for condition, value in (
        ("sessions.id IN (SELECT session_id FROM session_documents WHERE document_id = ?)", filter.document_id),
        ("sessions.model_name = ?", None if filter.model_name is None else encodable(filter.model_name)),
        ("sessions.archived = ?", filter.archived),
        ("sessions.updated_at > ?", filter.updated_after and stamp(filter.updated_after)),
        ("sessions.updated_at < ?", filter.updated_before and stamp(filter.updated_before)),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    return where, values


async def load_sessions(client: BaseDBAsyncClient, ids: Sequence[int]) -> dict[int, SessionRecord]:
    found: dict[int, SessionRecord] = {}
    for batch in batches(ids):
        for row in await Session.filter(id__in=batch).using_db(client):
            found[row.id] = _record(row)
    return found


async def load_session(client: BaseDBAsyncClient, session_id: SessionId) -> SessionRecord:
    """Raises `NotFound`."""
    found = await load_sessions(client, [session_id])
    if session_id not in found:
        raise NotFound("session", session_id)
    return found[session_id]


def _record(row: Session) -> SessionRecord:
    return SessionRecord(
        id=SessionId(row.id),
        name=row.name,
        settings=unpack(row.settings, SessionSettings),
        model_id=None if row.model_id is None else ModelId(row.model_id),
        model_name=row.model_name,
        head_id=None if row.head_id is None else MessageId(row.head_id),
        message_count=row.message_count,
        usage=TokenUsage(row.prompt_tokens, row.cached_tokens, row.completion_tokens, row.reasoning_tokens),
        archived=row.archived,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_message_at=row.last_message_at,
    )
