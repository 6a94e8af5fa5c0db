"""From any text to words that FTS5 can look for, and to MATCH expressions in which every word is quoted.

`unicode61` takes a run of Chinese, Japanese or Korean writing for one word, so these scripts are indexed and looked for
by pairs of neighbouring characters, in a column of their own.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from persistence.search.stop_words import STOP_WORDS
from records.values.text import encodable

MOST_TERMS = 64
"Words and pairs that are looked for at once; what a query has beyond that is passed over."

_SPACELESS = (
    "\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
RUN = re.compile(f"[{_SPACELESS}]+")
"Characters of scripts that put no spaces between words."
WORD = re.compile(r"[^\W_]+")
_BETWEEN_APOSTROPHES = re.compile(r"[^\W_]+(?:['’][^\W_]+)+")


@dataclass(frozen=True, slots=True)
class Query:
    """Distinct words (`x-200/b` is one: its parts in a row) and pairs of characters, lower-case, in their order."""

    words: tuple[str, ...]
    pairs: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.words or self.pairs)


def parse(text: str, stop_words: frozenset[str] = STOP_WORDS) -> Query:
    """Any character is text: nothing is an operator. FTS5 would end at a NUL."""
    text = encodable(text).replace("\0", " ")
    runs = RUN.findall(text)
    words = _first(word for item in RUN.sub(" ", text).lower().split() for word in _words(item, stop_words))
    return Query(words, _first(pair for run in runs for pair in _pairs(run)))


def bigrams(text: str) -> str:
    """The pairs of a text's spaceless runs, parted by spaces, and the other words that touch such a run.

    Each run ends with its last character alone, so that a single character is found wherever it stands: as the
    beginning of one of these.
    """
    pieces: list[str] = []
    for word in WORD.findall(text):
        runs = RUN.findall(word)
        if runs:
            pieces += (piece for run in runs for piece in (*neighbours(run), run[-1]))
            pieces += filter(None, RUN.split(word))
    return " ".join(pieces)


def any_of(terms: Iterable[str]) -> str:
    return " OR ".join(quoted(term) for term in terms)


def quoted(term: str) -> str:
    """As FTS5 reads it literally; a single character of a spaceless script also finds the pairs that it begins."""
    phrase = '"' + term.replace('"', '""') + '"'
    return f"{phrase} *" if len(term) == 1 and RUN.match(term) else phrase


def _words(item: str, stop_words: frozenset[str]) -> Iterator[str]:
    parts = WORD.findall(item)
    if len(parts) < 2:
        yield from (part for part in parts if part not in stop_words)
        return
    start, end = item.index(parts[0]), item.rindex(parts[-1]) + len(parts[-1])
    whole = item[start:end]
    telling = [part for part in parts if len(part) > 1 and part not in stop_words]
    if telling or not _BETWEEN_APOSTROPHES.fullmatch(whole):
        yield whole
    yield from telling


def _pairs(run: str) -> Iterator[str]:
    yield from neighbours(run) if len(run) > 1 else (run,)


def neighbours(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))


def _first(terms: Iterable[str]) -> tuple[str, ...]:
    """The first `MOST_TERMS` distinct ones."""
    distinct: dict[str, None] = {}
    for term in terms:
        distinct[term] = None
        if len(distinct) == MOST_TERMS:
            break
    return tuple(distinct)
