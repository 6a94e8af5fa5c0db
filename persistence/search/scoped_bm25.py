"""BM25 over the rows that a scope includes, for a user who sees only a part of a full-text index.

`bm25()` of FTS5 uses the document frequencies and the average length of the whole index, so that its scores depend on rows
that the user may not see. The functions of this module compute the same formula from the visible rows: a user's scores are
those that `bm25()` would return if the index contained the visible rows only (docs/decisions/0042).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from sqlite3 import Row

from anyio import to_thread
from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import scope_filter, visible_documents
from persistence.database.json_columns import json_array, pack
from persistence.database.sqlite import fetch
from persistence.search.query import Phrase
from persistence.search.stemmer import Stemmer
from records.access import AnyScope

K1, B = 1.2, 0.75
"""The parameters of BM25 in FTS5."""
MIN_IDF = 1e-6
"""Inverse document frequency, in FTS5, of a phrase that at least half of all rows contain."""
MAX_PHRASE = 64
"""Maximum number of tokens of a phrase that are compared. The frequency of a longer phrase is that of its beginning."""
_HIGHEST = "\U0010ffff"

_FREQUENCIES = """
    WITH wanted AS (
        SELECT value ->> 0 AS phrase, value ->> 1 AS token, value ->> 2 AS highest, value ->> 3 AS place,
            value ->> 4 AS size FROM json_each(?)
    ), visible AS MATERIALIZED ({rows}), of_phrases AS (
        SELECT phrase, doc, col, "offset" - place AS start, size FROM wanted CROSS JOIN {index}_tokens AS tokens
        ON tokens.term = token WHERE size > 1 AND highest IS NULL AND doc IN visible
        UNION ALL
        SELECT phrase, doc, col, "offset" - place, size FROM wanted CROSS JOIN {index}_tokens AS tokens
        ON tokens.term >= token AND tokens.term <= highest WHERE doc IN visible
    )
    SELECT phrase, doc, col, count(*) FROM (
        SELECT phrase, doc, col FROM wanted CROSS JOIN {index}_tokens AS tokens
        ON tokens.term = token WHERE size = 1 AND highest IS NULL AND doc IN visible
        UNION ALL
        SELECT phrase, doc, col FROM of_phrases GROUP BY phrase, doc, col, start HAVING count(*) = size
    ) GROUP BY phrase, doc, col ORDER BY phrase, doc, col
"""
_TOTALS = "SELECT count(*), total(column_sizes_total(sz)) FROM {index}_docsize WHERE id IN ({rows})"
_LENGTHS = "SELECT id, column_sizes_total(sz) FROM {index}_docsize WHERE id IN (SELECT value FROM json_each(?))"

_ROWS = {
    "chunks_fts": "SELECT chunks.id FROM ({}) AS visible CROSS JOIN chunks ON chunks.document_id = visible.id",
    "sessions_fts": "SELECT sessions.id FROM sessions WHERE {}",
    "messages_fts": "SELECT messages.id FROM sessions CROSS JOIN messages ON messages.session_id = sessions.id WHERE {}",
}
"""The row ids of each index that a scope includes."""


@dataclass(frozen=True, slots=True)
class WeightedPhrase:
    """A phrase with the weights of its occurrences by column of the index. Occurrences in other columns do not count."""

    phrase: Phrase
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Statistics:
    """The number of visible rows, and their average length in tokens."""

    rows: int
    average_length: float


Frequencies = dict[int, float]
"""Weighted number of occurrences of a phrase by row id. Rows without the phrase are missing."""


async def scoped_bm25(
    client: BaseDBAsyncClient,
    scope: AnyScope,
    index: str,
    stemmer: Stemmer,
    alternatives: Sequence[WeightedPhrase],
    required: Sequence[WeightedPhrase] = (),
) -> dict[int, float]:
    """Return the BM25 scores of the visible rows that contain all required phrases and any of the alternatives, by row id.

    A higher score is better. `index` is one of `sqlite.FULL_TEXT_INDEXES`. `client` is one of `Database.snapshot`.
    """
    included = visible_documents(scope) if index == "chunks_fts" else scope_filter(scope, "sessions")
    rows = _ROWS[index].format(included.sql)
    phrases = [*required, *alternatives]
    wanted = pack(list(_wanted(stemmer, [each.phrase for each in phrases])))
    found = await fetch(client, _FREQUENCIES.format(index=index, rows=rows), [wanted, *included.values])
    frequencies = await to_thread.run_sync(_weigh, found, phrases)
    matches = _matches(frequencies, len(required))
    [totals] = await fetch(client, _TOTALS.format(index=index, rows=rows), included.values)
    lengths = await fetch(client, _LENGTHS.format(index=index), [json_array(matches)])
    statistics = Statistics(totals[0], totals[1] / max(1, totals[0]))
    return await to_thread.run_sync(_score, statistics, frequencies, dict(map(tuple, lengths)))


def _wanted(stemmer: Stemmer, phrases: Sequence[Phrase]) -> Iterator[tuple[int, str, str | None, int, int]]:
    """Yield the tokens of all phrases: index of the phrase, token, highest token, place, and length of the phrase.

    The highest token is None, except for a token that may be the beginning of others, which are not above it.
    """
    for number, phrase in enumerate(phrases):
        stems = stemmer.stems(phrase.text.split(" ")[:MAX_PHRASE])
        for place, stem in enumerate(stems):
            is_open = phrase.is_open and place == len(stems) - 1
            yield number, stem, stem + _HIGHEST if is_open else None, place, len(stems)


def _weigh(found: Iterable[Row], phrases: Sequence[WeightedPhrase]) -> list[Frequencies]:
    """Return the frequencies of each phrase from rows of phrase, row id, column and number of occurrences.

    Weights are added one by one, as FTS5 does, so that the sums are equal to its sums.
    """
    frequencies: list[Frequencies] = [defaultdict(float) for _ in phrases]
    for number, row_id, column, count in found:
        weight = phrases[number].weights.get(column)
        if weight is not None:
            for _ in range(count):
                frequencies[number][row_id] += weight
    return frequencies


def _matches(frequencies: Sequence[Frequencies], required: int) -> set[int]:
    """Return the rows that contain the first `required` phrases and any of the others."""
    matches = set[int]().union(*frequencies[required:])
    return matches.intersection(*frequencies[:required])


def _score(statistics: Statistics, frequencies: Sequence[Frequencies], lengths: Mapping[int, int]) -> dict[int, float]:
    """Return the BM25 scores of the rows in `lengths` (numbers of tokens by row id), with the arithmetic of FTS5."""
    norms = {row_id: K1 * (1 - B + B * length / statistics.average_length) for row_id, length in lengths.items()}
    scores = dict.fromkeys(lengths, 0.0)
    for each in frequencies:
        idf = log((statistics.rows - len(each) + 0.5) / (len(each) + 0.5))
        idf = idf if idf > 0 else MIN_IDF
        for row_id in each.keys() & norms.keys():
            frequency = each[row_id]
            scores[row_id] += idf * (frequency * (K1 + 1.0) / (frequency + norms[row_id]))
    return scores
