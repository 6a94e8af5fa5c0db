"""Search by words: BM25 over the chunks' full-text table."""

from collections.abc import Sequence

import msgspec
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database import Database
from persistence.sqlite import fetch
from persistence.words import Query, any_of, parse
from records.document import SEARCHABLE
from records.ids import ChunkId, DocumentId
from records.retrieval import ScoredChunk, TextSpan

MOST_IN_MATCH = 100
"Documents that a search is kept to inside of MATCH; beyond that a subquery is faster."

_RANKED = """
    WITH ranked AS MATERIALIZED (
        SELECT rowid AS chunk_id, bm25(chunk_words, 1.0, 1.0, 1.0, 0.0) AS score FROM chunk_words
        WHERE chunk_words MATCH ? {filter} ORDER BY score LIMIT ?
    )
    SELECT ranked.chunk_id, ranked.score, documents.status FROM ranked
    JOIN chunks ON chunks.id = ranked.chunk_id JOIN documents ON documents.id = chunks.document_id
    ORDER BY ranked.score, ranked.chunk_id
"""
_BY_DOCUMENT = "AND +rowid IN (SELECT id FROM chunks WHERE document_id IN (SELECT value FROM json_each(?)))"


class Keywords:
    """Implements `engines.stores.KeywordIndex`. A title or heading counts as much as the text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, text: str, limit: int, document_ids: Sequence[DocumentId] | None) -> tuple[ScoredChunk, ...]:
        query = parse(text)
        if not query or limit < 1 or (document_ids is not None and not document_ids):
            return ()
        async with self._database.snapshot() as reader:
            return await _search(reader, query, limit, document_ids)

    def terms(self, text: str) -> tuple[str, ...]:
        query = parse(text)
        return query.words + query.pairs

    def spans(self, text: str, query: str) -> tuple[TextSpan, ...]:
        return self._database.highlighter.spans(text, parse(query))


async def _search(
    reader: BaseDBAsyncClient, query: Query, limit: int, document_ids: Sequence[DocumentId] | None
) -> tuple[ScoredChunk, ...]:
    """Look further where some of the best are hidden now: to rank first and join last is far cheaper."""
    wanted = limit
    while True:
        rows = await _ranked(reader, query, wanted, document_ids)
        found = [ScoredChunk(ChunkId(row[0]), -row[1]) for row in rows if row[2] in SEARCHABLE]
        if len(found) >= limit or len(rows) < wanted:
            return tuple(found[:limit])
        wanted *= 4


async def _ranked(
    reader: BaseDBAsyncClient, query: Query, limit: int, document_ids: Sequence[DocumentId] | None
) -> Sequence[tuple[int, float, str]]:
    match = matching(query)
    if document_ids is None:
        rows = await fetch(reader, _RANKED.format(filter=""), [match, limit])
    elif len(document_ids) <= MOST_IN_MATCH:
        scope = " OR ".join(f"d{int(document_id)}" for document_id in document_ids)
        rows = await fetch(reader, _RANKED.format(filter=""), [f"({match}) AND doc : ({scope})", limit])
    else:
        ids = msgspec.json.encode(document_ids).decode()
        rows = await fetch(reader, _RANKED.format(filter=_BY_DOCUMENT), [match, ids, limit])
    return [(row[0], row[1], row[2]) for row in rows]


def matching(query: Query) -> str:
    """A MATCH expression over the columns of `chunk_words`."""
    parts = []
    if query.words:
        parts.append(f"{{text context bigrams}} : ({any_of(query.words)})")
    if query.pairs:
        parts.append(f"bigrams : ({any_of(query.pairs)})")
    return " OR ".join(parts)
