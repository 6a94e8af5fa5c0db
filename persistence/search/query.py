"""Conversion of any text to the terms of a full-text query, and of terms to FTS5 expressions with every term quoted."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from persistence.search.stop_words import STOP_WORDS
from persistence.search.tokenizer import BETWEEN_APOSTROPHES, RUN, WORD, character_pairs, search_form
from persistence.search.variants import (
    GROUPED,
    capitals,
    compounds,
    fold,
    numbers,
    signed_words,
    with_capitals,
    without_separators,
)

Item = TypeVar("Item")

MAX_TERMS = 64
"""Maximum number of words, and of pairs of characters, that a query searches for. Further ones are ignored."""
MAX_IDENTIFIERS = 8
"""Maximum number of identifiers of a query. Passages that contain one of them rank higher."""
_MAX_RUN = 24
"""Maximum length of a run (see `tokenizer.RUN`) that is searched as a whole. A longer run is a sentence."""
_MIN_DIGITS = 5
"""Minimum number of digits of a number that is an identifier. Shorter numbers are often years and quantities."""
_MIN_LENGTH = 4
"""Minimum number of letters and digits of a part number. Shorter words, such as `K-6` or `2nd`, are often no names."""
_EMPHASIZED = frozenset(("how", "not", "what", "when", "where", "which", "why"))
"""Stop words that are often written in capitals for emphasis, so that capitals do not make them identifiers."""
_MAX_PIECES = 4
"""Maximum number of groups of letters or digits into which a part number without separators is divided."""

_PERIOD = re.compile("(?:fy|cy|q[1-4]|h[12])*(?:19|20)[0-9]{2}(?:q[1-4]|h[12])?|q[1-4]|h[12]|[fc]y[0-9]{2}")
"""A year or a part of it: `2031`, `FY2031`, `FY2031Q1`, `Q1`."""
_PARTS_OF_PERIOD = re.compile("(?:19|20)[0-9]{2}|q[1-4]|h[12]")
_QUANTITY = re.compile(r"[0-9]+(?:st|nd|rd|th|s)|[0-9]+-[a-z]{3,}")
"""`28th`, `1890s` or `100-metre`."""
_LETTER_AND_DIGIT = re.compile(r"[^\W\d_].*\d|\d.*[^\W\d_]")
_NAME_WITH_SIGNS = re.compile(r"[^\W_]+(?:_+[^\W_]+)+|[^\W\d_]\w+(?:\.[^\W\d_]\w+)+|\d+(?:\.\d+){2,}")
"""`snake_case`, `config.yaml` or `10.0.0.1`."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One or more tokens in a row, for which a full-text index is searched."""

    text: str
    "The tokens, separated by spaces."
    is_open: bool = False
    "True if the last token may be the beginning of a longer token of the index."

    @property
    def expression(self) -> str:
        """The FTS5 expression, in which no character is an operator."""
        quoted = '"' + self.text.replace('"', '""') + '"'
        return f"{quoted} *" if self.is_open else quoted


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query, in the form that `tokenizer.search_form` returns.

    A term is one or more tokens separated by spaces: `x 200 b` matches these tokens in a row.
    """

    exact: tuple[str, ...]
    "Terms that each stand for the whole word: `x 200 b` and `x200b` for `x-200/b`."
    parts: tuple[str, ...] = ()
    "Terms that each stand for a part of the word, or for another spelling of it."
    is_identifier: bool = False
    "True for a part number, a name with signs, a large number or a stop word in capitals."


@dataclass(frozen=True, slots=True)
class Query:
    """The words of a query in their order, and the pairs of neighbouring characters of scripts without spaces."""

    words: tuple[Word, ...]
    pairs: tuple[str, ...]
    "Pairs of neighbouring characters, or a single character that has no neighbour."
    runs: tuple[str, ...] = ()
    "Runs of three or more such characters. Each is a term that consists of the run's pairs in a row."

    def __bool__(self) -> bool:
        return bool(self.words or self.pairs)

    @property
    def terms(self) -> tuple[str, ...]:
        """All distinct terms."""
        of_words = (term for word in self.words for term in (*word.exact, *word.parts))
        return (*dict.fromkeys(of_words), *self.pairs, *self.runs)

    @property
    def required(self) -> tuple[tuple[str, ...], ...]:
        """The alternative terms of each word and of each pair. A text with one of each contains the whole query."""
        return (*(word.exact for word in self.words), *((pair,) for pair in self.pairs))

    @property
    def identifiers(self) -> tuple[tuple[str, ...], ...]:
        """The alternative terms of each identifier, for at most `MAX_IDENTIFIERS`."""
        return tuple(word.exact for word in self.words if word.is_identifier)[:MAX_IDENTIFIERS]


@lru_cache(maxsize=64)
def parse_query(text: str, stop_words: frozenset[str] = STOP_WORDS) -> Query:
    """Return the terms of a query. No character is an operator.

    `stop_words` are left out, except words in capitals, such as `IT`. A query of stop words alone keeps all of them.
    """
    form = search_form(text)
    runs = RUN.findall(form)
    pairs = _first(pair for run in runs for pair in _pairs(run))
    rows = (" ".join(character_pairs(run)) for run in runs if 2 < len(run) <= _MAX_RUN)
    form = RUN.sub(" ", form)
    names = _names_in_capitals(text)
    words = _first(_words(form, names, stop_words))
    if not words and not pairs:
        words = _first(_words(form, names, frozenset()))
    return Query(words, pairs, _first(rows))


def any_of(terms: Iterable[str]) -> str:
    """Return an FTS5 expression that matches texts with any of the terms."""
    return " OR ".join(to_phrase(term).expression for term in terms)


def to_phrase(term: str) -> Phrase:
    """Return the phrase of a term. A single character of a script without spaces is the beginning of pairs."""
    return Phrase(term, is_open=len(term) == 1 and RUN.match(term) is not None)


def _names_in_capitals(text: str) -> dict[str, str]:
    """Return the short words in capitals: their variants, by search form. Empty if the whole text is in capitals."""
    capital = with_capitals(text)
    found = {search_form(name.text): name.text for name in capitals(capital)}
    is_shouted = len(capital.split()) > 2 and capital == capital.upper()
    return {} if is_shouted else found


def _words(form: str, names: dict[str, str], stop_words: frozenset[str]) -> Iterator[Word]:
    """Yield the words of a query from which runs of scripts without spaces were removed. A number may contain spaces."""
    end = 0
    for found in numbers(form):
        yield from (word for item in form[end : found.start()].split() for word in _item(item, names, stop_words))
        yield _number(found[0])
        end = found.end()
    yield from (word for item in form[end:].split() for word in _item(item, names, stop_words))


def _number(text: str) -> Word:
    """Return the word for a number with separators. Its groups are terms, too, unless the number is clearly an amount."""
    groups = re.findall("[a-z0-9]+", text)
    joined = [*without_separators(text), *(account.text for account in compounds(text))]
    exact = dict.fromkeys((" ".join(groups), *joined))
    is_amount = GROUPED.fullmatch(text) and (" " not in text or len(groups) > 2)
    parts = () if is_amount else tuple(group for group in groups if len(group) > 1)
    return Word(tuple(exact), parts, is_identifier=len("".join(groups)) >= _MIN_DIGITS)


def _item(item: str, names: dict[str, str], stop_words: frozenset[str]) -> Iterator[Word]:
    """Yield the word for an item, a text without spaces. It stands for the whole item and for its significant parts."""
    parts = WORD.findall(item)
    if len(parts) == 1:
        yield from _single(item, parts[0], names, stop_words)
    elif parts:
        core = item[item.index(parts[0]) : item.rindex(parts[-1]) + len(parts[-1])]
        significant = [part for part in parts if len(part) > 1 and part not in stop_words]
        if significant or not BETWEEN_APOSTROPHES.fullmatch(core):
            spellings = [spelling for part in significant for spelling in _spellings(part)]
            name = names.get("".join(parts), "")
            exact = filter(None, (" ".join(parts), name, *(variant.text for variant in compounds(core))))
            yield Word(
                tuple(exact), (*spellings, *(signed.text for signed in signed_words(item))), _is_identifier(core)
            )


def _single(item: str, word: str, names: dict[str, str], stop_words: frozenset[str]) -> Iterator[Word]:
    """Yield the word for an item that contains a single word. Yield nothing for a stop word that is not a name."""
    if signed := tuple(signed.text for signed in signed_words(item)):
        yield Word(signed, () if word in stop_words else (word,), is_identifier=True)
        return
    name = names.get(word)
    if _PERIOD.fullmatch(word):
        parts = tuple(part for part in _PARTS_OF_PERIOD.findall(word) if part != word)
        yield Word((word,), parts)
    elif word not in stop_words:
        yield Word(_spellings(word), () if name is None else (name,), _is_identifier(word))
    elif name is not None:
        yield Word((name,), is_identifier=word not in _EMPHASIZED)


def _spellings(word: str) -> tuple[str, ...]:
    """Return the word, the word without accents, and the word with spaces between its groups of letters and of digits."""
    spellings = [word, fold(word)]
    if word.isascii() and word[:2] == "00" and word.isdigit():
        spellings.append(word[2:])
    pieces = re.findall("[a-z]+|[0-9]+", word) if word.isascii() else []
    if 1 < len(pieces) <= _MAX_PIECES and len(word) > _MIN_LENGTH:
        spellings.append(" ".join(pieces))
    return tuple(dict.fromkeys(spellings))


def _is_identifier(word: str) -> bool:
    if word.isdigit():
        return len(word) >= _MIN_DIGITS
    if len("".join(WORD.findall(word))) < _MIN_LENGTH or _QUANTITY.fullmatch(word):
        return False
    return bool(_LETTER_AND_DIGIT.search(word) or _NAME_WITH_SIGNS.fullmatch(word))


def _pairs(run: str) -> Iterator[str]:
    yield from character_pairs(run) if len(run) > 1 else (run,)


def _first(items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the first `MAX_TERMS` distinct items."""
    distinct: dict[Item, None] = {}
    for item in items:
        distinct[item] = None
        if len(distinct) == MAX_TERMS:
            break
    return tuple(distinct)
