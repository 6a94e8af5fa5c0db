"""Search by words: BM25 over the chunks' full-text table."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from sqlite3 import Row

import msgspec
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.sqlite import fetch
from persistence.search.phrases import Phrase, find_phrases, holds_all
from persistence.search.words import Query, any_of, parse
from records.document import SEARCHABLE
from records.ids import ChunkId, DocumentId
from records.retrieval import ScoredChunk, TextSpan

MOST_IN_MATCH = 100
"Documents that a search is kept to inside of MATCH; beyond that a subquery is faster."
MOST_READ = 10_000
"Passages that are read for quoted words; where those match FTS5's looser idea of them that often, a search ends there."

_RANKED = """
    WITH ranked AS MATERIALIZED (
        SELECT rowid AS chunk_id, bm25(chunk_words, 1.0, 1.0, 1.0, 0.0) AS score FROM chunk_words
        WHERE chunk_words MATCH ? {filter} ORDER BY score LIMIT ?
    )
    SELECT ranked.chunk_id, ranked.score, documents.status {texts} FROM ranked
    JOIN chunks ON chunks.id = ranked.chunk_id JOIN documents ON documents.id = chunks.document_id
    ORDER BY ranked.score, ranked.chunk_id
"""
_BY_DOCUMENT = "AND +rowid IN (SELECT id FROM chunks WHERE document_id IN (SELECT value FROM json_each(?)))"
_TEXTS = ", chunks.text, chunks.context"


@dataclass(frozen=True, slots=True)
class _Search:
    match: str
    phrases: tuple[Phrase, ...]
    document_ids: Sequence[DocumentId] | None


class Keywords:
    """Implements `services.interfaces.keyword_index.KeywordIndex`. A title or heading counts as much as the text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(
        self, text: str, limit: int, document_ids: Sequence[DocumentId] | None, *, loosely: bool = False
    ) -> tuple[ScoredChunk, ...]:
        query, phrases = parse(text), () if loosely else find_phrases(text)
        if not (query or phrases) or limit < 1 or (document_ids is not None and not document_ids):
            return ()
        search = _Search(matching(query, phrases), phrases, document_ids)
        async with self._database.snapshot() as reader:
            return await _search(reader, search, limit)

    def has_quotation(self, text: str) -> bool:
        return bool(find_phrases(text))

    def terms(self, text: str) -> tuple[str, ...]:
        query = parse(text)
        return query.words + query.pairs

    def spans(self, text: str, query: str) -> tuple[TextSpan, ...]:
        parsed = parse(query)
        quoted = tuple(phrase.text for phrase in find_phrases(query))
        return self._database.highlighter.spans(text, replace(parsed, words=parsed.words + quoted))


async def _search(reader: BaseDBAsyncClient, search: _Search, limit: int) -> tuple[ScoredChunk, ...]:
    """Look further where some of the best are hidden now, or lack what was quoted: to rank first is far cheaper."""
    wanted = limit
    while True:
        rows = await _ranked(reader, search, wanted)
        shown = [row for row in rows if row[2] in SEARCHABLE]
        if search.phrases:
            shown = await asyncio.to_thread(_holding, shown, search.phrases)
        is_all = len(rows) < wanted or (search.phrases and wanted >= MOST_READ)
        if len(shown) >= limit or is_all:
            return tuple(ScoredChunk(ChunkId(row[0]), -row[1]) for row in shown[:limit])
        wanted *= 4


def _holding(rows: Sequence[Row], phrases: tuple[Phrase, ...]) -> list[Row]:
    return [row for row in rows if holds_all(phrases, row["text"], row["context"])]


async def _ranked(reader: BaseDBAsyncClient, search: _Search, limit: int) -> Sequence[Row]:
    """Rows of chunk, score (lower is better), status, and the texts where they are read for quoted words."""
    texts = _TEXTS if search.phrases else ""
    documents = search.document_ids
    if documents is None:
        return await fetch(reader, _RANKED.format(filter="", texts=texts), [search.match, limit])
    if len(documents) <= MOST_IN_MATCH:
        scope = " OR ".join(f"d{int(document_id)}" for document_id in documents)
        match = f"({search.match}) AND doc : ({scope})"
        return await fetch(reader, _RANKED.format(filter="", texts=texts), [match, limit])
    ids = msgspec.json.encode(documents).decode()
    return await fetch(reader, _RANKED.format(filter=_BY_DOCUMENT, texts=texts), [search.match, ids, limit])


def matching(query: Query, phrases: Sequence[Phrase] = ()) -> str:
    """A MATCH expression over the columns of `chunk_words`: any of the words, and each of the phrases."""
    parts = [phrase.match for phrase in phrases[:1]]
    if query.words:
        parts.append(f"{{text context bigrams}} : ({any_of(query.words)})")
    if query.pairs:
        parts.append(f"bigrams : ({any_of(query.pairs)})")
    must = [phrase.match for phrase in phrases]
    return " AND ".join([*must, f"({' OR '.join(parts)})"]) if must else " OR ".join(parts)
