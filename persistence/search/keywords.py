"""Keyword search: BM25 over the full-text index of chunks."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from sqlite3 import Row

from anyio import to_thread
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import includes_all, scope_filter
from persistence.database.database import Database
from persistence.database.json_columns import json_array, pack
from persistence.database.sqlite import fetch
from persistence.search.query import Phrase, Query, any_of, parse_query, to_phrase
from persistence.search.quotations import COLUMNS, Quotation, contains_all, find_quotations
from persistence.search.scoped_bm25 import WeightedPhrase, scoped_bm25
from persistence.search.stemmer import Stemmer
from records.access import AnyScope
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
_WEIGHTS = {"text": 1.0, "context": 1.0, "variants": 0.4}
_WEIGHTS_OF_QUOTATIONS = {"text": 1.0, "context": 1.0}
"""Weights of occurrences by column. `_BEST` contains the same."""

_BEST = """
    SELECT rowid AS chunk_id, bm25(chunks_fts, 1.0, 1.0, 0.4, 0.0) AS score FROM chunks_fts
    WHERE chunks_fts MATCH ? {filter} ORDER BY score LIMIT ?
"""
_SCORED = "SELECT value ->> 0 AS chunk_id, value ->> 1 AS score FROM json_each(?)"
_RANKED = """
    WITH ranked AS MATERIALIZED ({ranking})
    SELECT ranked.chunk_id, ranked.score, documents.status {texts} FROM ranked
    JOIN chunks ON chunks.id = ranked.chunk_id JOIN documents ON documents.id = chunks.document_id
    ORDER BY ranked.score, ranked.chunk_id
"""
_UNRANKED = """
    SELECT chunks.id FROM chunks_fts JOIN chunks ON chunks.id = chunks_fts.rowid
    JOIN documents ON documents.id = chunks.document_id
    WHERE chunks_fts MATCH ? {filter} AND {included}
        AND documents.status IN (SELECT value FROM json_each(?)) LIMIT ?
"""
_OF_DOCUMENTS = """
    SELECT chunks.id FROM json_each(?) AS found JOIN chunks ON chunks.id = found.value
    WHERE chunks.document_id IN (SELECT value FROM json_each(?))
"""
_BY_DOCUMENT = "AND +rowid IN (SELECT id FROM chunks WHERE document_id IN (SELECT value FROM json_each(?)))"
_TEXTS = ", chunks.text, chunks.context"


@dataclass(frozen=True, slots=True)
class _Search:
    """A query for passages that contain all quotations and, if it has none, any of the terms."""

    query: Query
    quotations: tuple[Quotation, ...]
    document_ids: Sequence[DocumentId] | None

    @property
    def required(self) -> tuple[Phrase, ...]:
        return tuple(quotation.phrase for quotation in self.quotations)

    @property
    def match(self) -> str:
        """The MATCH expression over `chunks_fts`. With quotations, the terms are optional and only raise the score."""
        required = [f"{COLUMNS} : {phrase.expression}" for phrase in self.required]
        terms = [f"{_COLUMNS} : ({any_of(self.query.terms)})"] if self.query else []
        return " AND ".join([*required, f"({' OR '.join(required[:1] + terms)})"])


Ranking = Callable[[int], Awaitable[Sequence[Row]]]
"""Returns the best candidates, at most a number of them, as rows of chunk id, score (lower is better), document status and,
for quotations, the texts."""


class Keywords:
    """Implements `services.interfaces.keyword_index.KeywordIndex`. Titles and headings weigh as much as the text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(
        self,
        scope: AnyScope,
        text: str,
        limit: int,
        document_ids: Sequence[DocumentId] | None,
        *,
        loosely: bool = False,
    ) -> tuple[ScoredChunk, ...]:
        quotations = () if loosely else find_quotations(text)
        if limit < 1 or (document_ids is not None and not document_ids):
            return ()
        async with self._database.snapshot() as reader:
            is_whole = await includes_all(reader, scope, "documents")
            for query in _queries(text):
                if query or quotations:
                    search = _Search(query, quotations, document_ids)
                    if is_whole:
                        ranking: Ranking = partial(_rank, reader, search)
                    else:
                        scores = await _visible_scores(reader, scope, search, self._database.highlighter.stemmer)
                        ranking = partial(_rank_scored, reader, search, scores)
                    if hits := await _select(ranking, quotations, limit):
                        return hits
        return ()

    async def rare_matches(
        self, scope: AnyScope, text: str, document_ids: Sequence[DocumentId] | None
    ) -> tuple[ChunkId, ...]:
        identifiers = parse_query(text).identifiers
        if not identifiers or (document_ids is not None and not document_ids):
            return ()
        included = scope_filter(scope, "documents")
        matches: dict[ChunkId, None] = {}
        async with self._database.snapshot() as reader:
            for identifier in identifiers:
                match, condition, values = _restrict(f"{_COLUMNS} : ({any_of(identifier)})", document_ids)
                sql = _UNRANKED.format(filter=condition, included=included.unindexed)
                searchable = json_array(SEARCHABLE)
                rows = await fetch(reader, sql, [match, *values, *included.values, searchable, MAX_RARE + 1])
                if len(rows) <= MAX_RARE:
                    matches |= {ChunkId(row[0]): None for row in rows}
        return tuple(matches)

    def has_quotation(self, text: str) -> bool:
        return bool(find_quotations(text))

    def spans(self, text: str, query: str) -> tuple[TextSpan, ...]:
        phrases = [quotation.phrase.text for quotation in find_quotations(query)]
        return self._database.highlighter.spans(text, parse_query(query), phrases)


def _queries(text: str) -> Iterator[Query]:
    """Yield the query, and then the query in lower case if it differs. It is used if no passage matches the query."""
    query, folded = parse_query(text), parse_query(text.lower())
    yield query
    if folded != query:
        yield folded


async def _select(ranking: Ranking, quotations: tuple[Quotation, ...], limit: int) -> tuple[ScoredChunk, ...]:
    """Return the best hits in searchable documents.

    Candidates of documents that are not searchable, and candidates that do not contain all quotations of the query, are
    dropped after ranking. If too few are left, more candidates are read. Dropping them later is far cheaper than joining the
    tables before ranking.
    """
    wanted = limit
    while True:
        rows = await ranking(wanted)
        shown = [row for row in rows if row[2] in SEARCHABLE]
        if quotations:
            shown = await to_thread.run_sync(_with_quotations, shown, quotations)
        is_all = len(rows) < wanted or (quotations and wanted >= MAX_CANDIDATES)
        if len(shown) >= limit or is_all:
            return tuple(ScoredChunk(ChunkId(row[0]), -row[1]) for row in shown[:limit])
        wanted *= 4


def _with_quotations(rows: Sequence[Row], quotations: tuple[Quotation, ...]) -> list[Row]:
    return [row for row in rows if contains_all(quotations, row["text"], row["context"])]


async def _rank(reader: BaseDBAsyncClient, search: _Search, limit: int) -> Sequence[Row]:
    """Rank all passages by the statistics of the whole index."""
    match, condition, values = _restrict(search.match, search.document_ids)
    sql = _RANKED.format(ranking=_BEST.format(filter=condition), texts=_TEXTS if search.quotations else "")
    return await fetch(reader, sql, [match, *values, limit])


async def _rank_scored(
    reader: BaseDBAsyncClient, search: _Search, scores: Sequence[tuple[int, float]], limit: int
) -> Sequence[Row]:
    """Return the rows of the best scored passages. `scores` are pairs of chunk id and score, best first."""
    sql = _RANKED.format(ranking=_SCORED, texts=_TEXTS if search.quotations else "")
    return await fetch(reader, sql, [pack([(chunk_id, -score) for chunk_id, score in scores[:limit]])])


async def _visible_scores(
    reader: BaseDBAsyncClient, scope: AnyScope, search: _Search, stemmer: Stemmer
) -> Sequence[tuple[int, float]]:
    """Return the passages of the scope that match, with scores by the statistics of the scope's passages, best first."""
    required = [WeightedPhrase(phrase, _WEIGHTS_OF_QUOTATIONS) for phrase in search.required]
    terms = [WeightedPhrase(to_phrase(term), _WEIGHTS) for term in search.query.terms]
    scores = await scoped_bm25(reader, scope, "chunks_fts", stemmer, required[:1] + terms, required)
    if search.document_ids is not None:
        rows = await fetch(reader, _OF_DOCUMENTS, [json_array(scores), json_array(search.document_ids)])
        scores = {row[0]: scores[row[0]] for row in rows}
    return sorted(scores.items(), key=lambda scored: (-scored[1], scored[0]))


def _restrict(match: str, document_ids: Sequence[DocumentId] | None) -> tuple[str, str, list[str]]:
    """Restrict a search to documents. Return the MATCH expression, and an SQL condition (may be empty) with its values."""
    if document_ids is None:
        return match, "", []
    if len(document_ids) <= MAX_DOCUMENTS_IN_MATCH:
        scope = " OR ".join(f"d{int(document_id)}" for document_id in document_ids)
        return f"({match}) AND document : ({scope})", "", []
    return match, _BY_DOCUMENT, [json_array(document_ids)]
