"""Queries of sessions: filters, searches and orders as SQL, and conversion of rows to records."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter
from persistence.database.json_columns import pack, stamp, unpack
from persistence.database.keyset_pages import Listing
from persistence.database.sqlite import batches
from persistence.database.tables import Session
from persistence.search.query import any_of, parse_query
from records.access import AnyScope
from records.errors import NotFound
from records.filters import Order, SessionFilter
from records.ids import MessageId, ModelId, SessionId, UserId
from records.session import SessionRecord, SessionSettings, TokenUsage
from records.values.text import comparison_key

MAX_WORDS = 16
"""Maximum number of words of a search through sessions. Each word is a subquery."""

_NO_STOP_WORDS: frozenset[str] = frozenset()
_KEYS = {
    "LAST_MESSAGE_AT": "sessions.active_at",
    "CREATED_AT": "sessions.created_at",
    "NAME": "sessions.name_key",
}
# Sessions with a word in their name or in any of their messages.
_WITH_WORD = """sessions.id IN (
    SELECT rowid FROM sessions_fts WHERE sessions_fts MATCH ? UNION
    SELECT messages.session_id FROM messages_fts JOIN messages ON messages.id = messages_fts.rowid
    WHERE messages_fts MATCH ?
)"""
# The relevance of a session is that of its best message, or twice that of its name if that is more.
_RELEVANCE = """(
    SELECT session_id, max(score) AS score FROM (
        SELECT rowid AS session_id, -2.0 * bm25(sessions_fts) AS score FROM sessions_fts WHERE sessions_fts MATCH ?
        UNION ALL
        SELECT messages.session_id, -bm25(messages_fts) FROM messages_fts
        JOIN messages ON messages.id = messages_fts.rowid WHERE messages_fts MATCH ?
    ) GROUP BY session_id
) AS relevance JOIN sessions ON sessions.id = relevance.session_id"""
_SCORED = """(SELECT value ->> 0 AS session_id, value ->> 1 AS score FROM json_each(?)) AS relevance
    JOIN sessions ON sessions.id = relevance.session_id"""

Relevance = Mapping[int, float]
"""Relevance by session id, for a scope that does not include all sessions (`session_relevance.py`)."""


def list_sessions(scope: AnyScope, filter: SessionFilter, order: Order, relevance: Relevance | None = None) -> Listing:
    """Return the list of the scope's sessions that match a filter.

    Without words to search for, RELEVANCE means LAST_MESSAGE_AT. Without `relevance`, it is computed by FTS5 from the
    statistics of all sessions.
    """
    terms = session_terms(filter.query)
    where, values = _conditions(scope, filter, terms)
    if order.field == "RELEVANCE" and terms:
        expression = any_of(term for alternatives in terms for term in alternatives)
        scores = (expression, expression) if relevance is None else (pack(list(relevance.items())),)
        return Listing(
            order="sessions RELEVANCE", source=_RELEVANCE if relevance is None else _SCORED, key="relevance.score",
            id="sessions.id", key_type=float, where=" AND ".join(where), values=(*scores, *values),
            descending=order.descending,
        )  # fmt: skip
    field = "LAST_MESSAGE_AT" if order.field == "RELEVANCE" else order.field
    return Listing(
        order=f"sessions {field}", source="sessions", key=_KEYS[field], id="sessions.id", key_type=str,
        where=" AND ".join(where), values=tuple(values), descending=order.descending,
    )  # fmt: skip


def session_terms(query: str | None) -> Sequence[tuple[str, ...]] | None:
    """Return the alternative terms of each word of a search: None without a query, empty for a query without words."""
    if query is None or not query.strip():
        return None
    return parse_query(query, _NO_STOP_WORDS).required[:MAX_WORDS]


def _conditions(
    scope: AnyScope, filter: SessionFilter, terms: Sequence[tuple[str, ...]] | None
) -> tuple[list[str], list[Any]]:
    model_name, included = filter.model_name, scope_filter(scope, "sessions")
    is_selective = bool(terms) or filter.document_id is not None
    where, values = [included.unindexed if is_selective else included.sql], list[Any](included.values)
    if terms is not None and not terms:
        where.append("0")
    for alternatives in terms or ():
        where.append(_WITH_WORD)
        values += [any_of(alternatives)] * 2
    for condition, value in (
        ("sessions.id IN (SELECT session_id FROM session_documents WHERE document_id = ?)", filter.document_id),
        ("comparison_key(coalesce(sessions.model_name, '')) = ?", model_name and comparison_key(model_name)),
        ("sessions.archived = ?", filter.archived),
        ("sessions.updated_at > ?", filter.updated_after and stamp(filter.updated_after)),
        ("sessions.updated_at < ?", filter.updated_before and stamp(filter.updated_before)),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    return where, values


async def load_sessions(client: BaseDBAsyncClient, scope: AnyScope, ids: Sequence[int]) -> dict[int, SessionRecord]:
    """Return the sessions of the scope among `ids`, by id."""
    included = scope_filter(scope, "sessions")
    found: dict[int, SessionRecord] = {}
    for batch in batches(ids):
        for row in await included.apply(Session.filter(id__in=batch)).using_db(client):
            found[row.id] = _to_record(row)
    return found


async def load_session(client: BaseDBAsyncClient, scope: AnyScope, session_id: SessionId) -> SessionRecord:
    """Return a session. Raises `NotFound`."""
    found = await load_sessions(client, scope, [session_id])
    if session_id not in found:
        raise NotFound("session", session_id)
    return found[session_id]


def _to_record(row: Session) -> SessionRecord:
    return SessionRecord(
        id=SessionId(row.id),
        owner_id=UserId(row.owner_id),
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
