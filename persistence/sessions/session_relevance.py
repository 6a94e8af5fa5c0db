"""Relevance of sessions for a user who sees only a part of them: by the statistics of this user's sessions and messages."""

from collections.abc import Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import includes_all
from persistence.database.json_columns import json_array
from persistence.database.sqlite import fetch
from persistence.search.query import to_phrase
from persistence.search.scoped_bm25 import WeightedPhrase, scoped_bm25
from persistence.search.stemmer import Stemmer
from persistence.sessions.session_queries import Relevance, session_terms
from records.access import AnyScope
from records.filters import Order, SessionFilter

NAME_WEIGHT = 2.0
"""Factor of the score of a session's name, relative to those of its messages."""

_SESSIONS = """
    SELECT messages.id, messages.session_id FROM json_each(?) AS found JOIN messages ON messages.id = found.value
"""


async def relevance_of_scope(
    client: BaseDBAsyncClient, scope: AnyScope, filter: SessionFilter, order: Order, stemmer: Stemmer
) -> Relevance | None:
    """Return the relevance of the scope's sessions with a word of the filter's query; None if none is needed.

    The relevance of a session is that of its best message, or twice that of its name if that is more. It is not needed
    if the list has another order, or if the scope includes all sessions. `client` is one of `Database.snapshot`.
    """
    terms = session_terms(filter.query)
    if order.field != "RELEVANCE" or not terms or await includes_all(client, scope, "sessions"):
        return None
    words = [term for alternatives in terms for term in alternatives]
    names = await scoped_bm25(client, scope, "sessions_fts", stemmer, _weigh(words, "name"))
    messages = await scoped_bm25(client, scope, "messages_fts", stemmer, _weigh(words, "content"))
    relevance = {session_id: NAME_WEIGHT * score for session_id, score in names.items()}
    for message_id, session_id in await fetch(client, _SESSIONS, [json_array(messages)]):
        relevance[session_id] = max(relevance.get(session_id, 0.0), messages[message_id])
    return relevance


def _weigh(words: Sequence[str], column: str) -> list[WeightedPhrase]:
    return [WeightedPhrase(to_phrase(word), {column: 1.0}) for word in words]
