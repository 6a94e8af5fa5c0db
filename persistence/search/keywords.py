"""Keyword search: BM25 over the full-text index of chunks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Row

from anyio import to_thread
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.database import Database
from persistence.database.json_columns import json_array
from persistence.database.sqlite import fetch
from persistence.search.query import Query, any_of, parse_query
from persistence.search.quotations import COLUMNS, Quotation, contains_all, find_quotations
from records.document import SEARCHABLE
from records.ids import ChunkId, DocumentId
from records.retrieval import ScoredChunk, TextSpan

MAX_DOCUMENTS_IN_MATCH = 100
"""Maximum number of documents to which a search is restricted inside of MATCH. For more, a subquery is faster."""

MAX_CANDIDATES = 10_000
"""Maximum number of passages whose text is compared with quotations. Hits beyond these candidates are not found."""

MAX_RARE = 3
"""An identifier of a query is rare if at most this many passages contain it."""

_COLUMNS = "{text context variants}"
"""Columns of `chunks_fts` with terms."""

_RANKED = """
    WITH ranked AS MATERIALIZED (
        SELECT rowid AS chunk_id, bm25(chunks_fts, 1.0, 1.0, 0.4, 0.0) AS score FROM chunks_fts
        WHERE chunks_fts MATCH ? {filter} ORDER BY score LIMIT ?
    )
    SELECT ranked.chunk_id, ranked.score, documents.status {texts} FROM ranked
    JOIN chunks ON chunks.id = ranked.chunk_id JOIN documents ON documents.id = chunks.document_id
    ORDER BY ranked.score, ranked.chunk_id
"""
_UNRANKED = """
    SELECT chunks.id FROM chunks_fts JOIN chunks ON chunks.id = chunks_fts.rowid
    JOIN documents ON documents.id = chunks.document_id
    WHERE chunks_fts MATCH ? {filter} AND documents.status IN (SELECT value FROM json_each(?)) LIMIT ?
"""
_BY_DOCUMENT = "AND +rowid IN (SELECT id FROM chunks WHERE document_id IN (SELECT value FROM json_each(?)))"
_TEXTS = ", chunks.text, chunks.context"


@dataclass(frozen=True, slots=True)
class _Search:
    match: str
    quotations: tuple[Quotation, ...]
    document_ids: Sequence[DocumentId] | None


class Keywords:
    """Implements `services.interfaces.keyword_index.KeywordIndex`. Titles and headings weigh as much as the text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(
        self, text: str, limit: int, document_ids: Sequence[DocumentId] | None, *, loosely: bool = False
    ) -> tuple[ScoredChunk, ...]:
        quotations = () if loosely else find_quotations(text)
        if limit < 1 or (document_ids is not None and not document_ids):
            return ()
        async with self._database.snapshot() as reader:
            for query in _queries(text):
                if query or quotations:
                    search = _Search(_match(query, quotations), quotations, document_ids)
                    if hits := await _search(reader, search, limit):
                        return hits
        return ()

    async def rare_matches(self, text: str, document_ids: Sequence[DocumentId] | None) -> tuple[ChunkId, ...]:
        identifiers = parse_query(text).identifiers
        if not identifiers or (document_ids is not None and not document_ids):
            return ()
        matches: dict[ChunkId, None] = {}
        async with self._database.snapshot() as reader:
            for identifier in identifiers:
                match, condition, values = _scoped(f"{_COLUMNS} : ({any_of(identifier)})", document_ids)
                sql = _UNRANKED.format(filter=condition)
                rows = await fetch(reader, sql, [match, *values, json_array(SEARCHABLE), MAX_RARE + 1])
                if len(rows) <= MAX_RARE:
                    matches |= {ChunkId(row[0]): None for row in rows}
        return tuple(matches)

    def has_quotation(self, text: str) -> bool:
        return bool(find_quotations(text))

    def spans(self, text: str, query: str) -> tuple[TextSpan, ...]:
        phrases = [quotation.tokens for quotation in find_quotations(query)]
        return self._database.highlighter.spans(text, parse_query(query), phrases)


def _queries(text: str) -> Iterator[Query]:
    """Yield the query, and then the query in lower case if it differs. It is used if no passage matches the query."""
    query, folded = parse_query(text), parse_query(text.lower())
    yield query
    if folded != query:
        yield folded


async def _search(reader: BaseDBAsyncClient, search: _Search, limit: int) -> tuple[ScoredChunk, ...]:
    """Return the best hits in searchable documents.

    Candidates in hidden documents and candidates that lack a quotation are dropped after ranking. If too few are left, more
    candidates are read. This is far cheaper than joining the tables before ranking.
    """
    wanted = limit
    while True:
        rows = await _ranked(reader, search, wanted)
        shown = [row for row in rows if row[2] in SEARCHABLE]
        if search.quotations:
            shown = await to_thread.run_sync(_with_quotations, shown, search.quotations)
        is_all = len(rows) < wanted or (search.quotations and wanted >= MAX_CANDIDATES)
        if len(shown) >= limit or is_all:
            return tuple(ScoredChunk(ChunkId(row[0]), -row[1]) for row in shown[:limit])
        wanted *= 4


def _with_quotations(rows: Sequence[Row], quotations: tuple[Quotation, ...]) -> list[Row]:
    return [row for row in rows if contains_all(quotations, row["text"], row["context"])]


async def _ranked(reader: BaseDBAsyncClient, search: _Search, limit: int) -> Sequence[Row]:
    """Return rows of chunk id, score (lower is better), document status and, for quotations, the texts."""
    match, condition, values = _scoped(search.match, search.document_ids)
    sql = _RANKED.format(filter=condition, texts=_TEXTS if search.quotations else "")
    return await fetch(reader, sql, [match, *values, limit])


def _scoped(match: str, document_ids: Sequence[DocumentId] | None) -> tuple[str, str, list[str]]:
    """Restrict a search to documents. Return the MATCH expression, and an SQL condition (may be empty) with its values."""
    if document_ids is None:
        return match, "", []
    if len(document_ids) <= MAX_DOCUMENTS_IN_MATCH:
        scope = " OR ".join(f"d{int(document_id)}" for document_id in document_ids)
        return f"({match}) AND document : ({scope})", "", []
    return match, _BY_DOCUMENT, [json_array(document_ids)]


def _match(query: Query, quotations: Sequence[Quotation]) -> str:
    """Return a MATCH expression over `chunks_fts` that requires all quotations; without quotations, any of the terms.

    With quotations, the terms are optional and only raise the score.
    """
    required = [f"{COLUMNS} : {quotation.phrase}" for quotation in quotations]
    alternatives = required[:1] + ([f"{_COLUMNS} : ({any_of(query.terms)})"] if query else [])
    return " AND ".join([*required, f"({' OR '.join(alternatives)})"])
