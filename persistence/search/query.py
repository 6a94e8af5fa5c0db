"""Conversion of any text to the terms of a full-text query, and of terms to FTS5 expressions with every term quoted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from persistence.search.stop_words import STOP_WORDS
from persistence.search.tokenizer import BETWEEN_APOSTROPHES, RUN, WORD, character_pairs, search_form

MAX_TERMS = 64
"""Number of words and number of pairs that a query searches for. Further ones are ignored."""


@dataclass(frozen=True, slots=True)
class Query:
    """The distinct terms of a query in their order, in search form.

    A word is one or more tokens separated by spaces: `x-200/b` is `x 200 b` and matches these tokens in a row. A pair is
    two neighbouring characters of a script without spaces, or one character that stands alone.
    """

    words: tuple[str, ...]
    pairs: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.words or self.pairs)

    @property
    def terms(self) -> tuple[str, ...]:
        return self.words + self.pairs


def parse_query(text: str, stop_words: frozenset[str] = STOP_WORDS) -> Query:
    """Return the terms of a query. No character is an operator. `stop_words` are left out."""
    form = search_form(text)
    items = RUN.sub(" ", form).split()
    return Query(
        words=_distinct(word for item in items for word in _words(item, stop_words)),
        pairs=_distinct(pair for run in RUN.findall(form) for pair in _pairs(run)),
    )


def any_of(terms: Iterable[str]) -> str:
    """Return an FTS5 expression that matches texts with any of the terms."""
    return " OR ".join(quoted(term) for term in terms)


def quoted(term: str) -> str:
    """Return a term as FTS5 reads it literally. A single character of a script without spaces matches as a prefix."""
    phrase = '"' + term.replace('"', '""') + '"'
    return f"{phrase} *" if len(term) == 1 and RUN.match(term) else phrase


def _words(item: str, stop_words: frozenset[str]) -> Iterator[str]:
    """Return the words of a text without spaces: all of it as a phrase, and its parts that carry meaning."""
    parts = WORD.findall(item)
    if len(parts) < 2:
        yield from (part for part in parts if part not in stop_words)
        return
    significant = [part for part in parts if len(part) > 1 and part not in stop_words]
    start, end = item.index(parts[0]), item.rindex(parts[-1]) + len(parts[-1])
    if significant or not BETWEEN_APOSTROPHES.fullmatch(item[start:end]):
        yield " ".join(parts)
    yield from significant


def _pairs(run: str) -> Iterator[str]:
    yield from character_pairs(run) if len(run) > 1 else (run,)


def _distinct(terms: Iterable[str]) -> tuple[str, ...]:
    """Return the first `MAX_TERMS` distinct terms."""
    distinct: dict[str, None] = {}
    for term in terms:
        distinct[term] = None
        if len(distinct) == MAX_TERMS:
            break
    return tuple(distinct)
