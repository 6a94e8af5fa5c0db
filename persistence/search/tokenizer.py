"""Splitting of text into the tokens of the full-text index.

SQLite calls `index_tokens` in the triggers that fill the index, and queries are split by the same functions. The FTS5
tokenizer (`porter ascii`) then separates tokens at spaces only and stems English words, so that index, queries and
highlights agree on every token.

Scripts without spaces between words (Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer) are indexed as pairs of
neighbouring characters. Words keep their accents; `variants.py` adds further spellings, also those without accents.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from records.values.text import comparison_key

TOKENIZER_VERSION = f"2 unicode {unicodedata.unidata_version}"
"""Identifies the tokens that these functions produce. The index is built again when it changes."""

SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Characters of scripts without spaces between words, as ranges of a regular expression's character class."""

RUN = re.compile(f"[{SPACELESS}]+")
"""A run of characters of scripts without spaces between words."""


def _mark_ranges() -> str:
    """Return Unicode's combining marks as ranges of a regular expression's character class."""
    marks = (code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M")
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


MARKS = _mark_ranges()
WORD = re.compile(rf"[^\W_]+(?:[{MARKS}]+[^\W_]*)*")
"""A word: a letter or number, followed by letters, numbers and combining marks."""

ASCII_WORD = re.compile("[a-z0-9]+")
"""A word in a search form whose words consist of ASCII characters only. Many times faster than `WORD`."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

BETWEEN_APOSTROPHES = re.compile(rf"{WORD.pattern}(?:['’]{WORD.pattern})+")
"""Words joined by apostrophes, such as `don't`."""

_ASCII_RUN = re.compile(r"[\x00-\x7f]+(?![^\x00-\x7f])")
"""A run of ASCII characters. The last one before a non-ASCII character is left out: both may combine to one character."""

_LINE_BREAK_HINT = str.maketrans({"\u200b": " ", "\0": " "})
_DIGITS = {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(0x80, 0x1FC00)
    if unicodedata.category(chr(code)) == "Nd"
}
"""ASCII digits for the decimal digits of other scripts."""


class Token(NamedTuple):
    """A token of the index and its span: code points from `start` up to, not including, `end`."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=64)
def search_form(text: str) -> str:
    """Return the text in the form that is searched: compared without regard to case, Unicode form and script of digits.

    Zero-width spaces separate words in Thai and Khmer texts and become spaces.
    """
    key = comparison_key(translate_hints(text))
    return key if key.isascii() else key.translate(_DIGITS)


def translate_hints(text: str) -> str:
    """Replace each zero-width space, which marks the end of a word, by a space."""
    return text.translate(_LINE_BREAK_HINT)


def has_ascii_words(form: str) -> bool:
    """Return whether all words of a text in its search form consist of ASCII characters. Its signs may be non-ASCII."""
    return form.isascii() or not any(map(_is_in_words, set(_NOT_ASCII.findall(form))))


@lru_cache(maxsize=10_000)
def _is_in_words(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def tokenize(form: str) -> Iterator[Token]:
    """Return the tokens of a text in its search form.

    A run of a script without spaces yields its pairs of neighbouring characters and then its last character, so that a
    single character is found as the beginning of a token wherever it occurs.
    """
    if has_ascii_words(form):
        yield from (Token(word[0], word.start(), word.end()) for word in ASCII_WORD.finditer(form))
        return
    for word in WORD.finditer(form):
        yield from _split_runs(word[0], word.start())


def _split_runs(word: str, start: int) -> Iterator[Token]:
    """Return the tokens of a word that may contain runs of scripts without spaces. `start` is the word's offset."""
    end = 0
    for run in RUN.finditer(word):
        if run.start() > end:
            yield Token(word[end : run.start()], start + end, start + run.start())
        end = run.end()
        for first in range(run.start(), end - 1):
            yield Token(word[first : first + 2], start + first, start + first + 2)
        yield Token(word[end - 1], start + end - 1, start + end)
    if end < len(word):
        yield Token(word[end:], start + end, start + len(word))


def index_tokens(text: str) -> str:
    """Return the tokens of a text, separated by single spaces."""
    form = search_form(text)
    if has_ascii_words(form):
        return " ".join(ASCII_WORD.findall(form))
    return " ".join(token.text for token in tokenize(form))


def character_pairs(run: str) -> Iterator[str]:
    """Return the pairs of neighbouring characters of a run."""
    return (run[first : first + 2] for first in range(len(run) - 1))


class SearchedText:
    """A text in its search form, or in another form, with the offset in the original text of each of its characters."""

    def __init__(self, text: str, convert: Callable[[str], str] = search_form) -> None:
        forms: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in _clusters(text):
            cluster = text[start:end]
            form = convert(cluster) if cluster.isascii() else _cluster_form(cluster, convert)
            forms.append(form)
            self._starts += range(start, end) if cluster.isascii() else [start] * len(form)
            self._ends += range(start + 1, end + 1) if cluster.isascii() else [end] * len(form)
        self.form = "".join(forms)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text, in code points, for a span of the search form that is not empty."""
        return self._starts[start], self._ends[end - 1]


@lru_cache(maxsize=10_000)
def _cluster_form(cluster: str, convert: Callable[[str], str]) -> str:
    return convert(cluster)


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Return spans whose search forms, joined, are the search form of the text.

    A span is a run of ASCII characters, whose form has the same length, or a character with all that combines with it.
    """
    end = 0
    for run in _ASCII_RUN.finditer(text):
        yield from _letters(text, end, run.start())
        yield run.span()
        end = run.end()
    yield from _letters(text, end, len(text))


def _letters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for index in range(start + 1, end):
        if not _combines(text[index]):
            yield start, index
            start = index
    if start < end:
        yield start, end


@lru_cache(maxsize=10_000)
def _combines(character: str) -> bool:
    """Return whether a character can combine with the one before it in normalization, or is ignored there."""
    if character < "\u0300":
        return character == "\u00ad"
    first = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.category(first)[0] in "MC" or "\u115f" <= first <= "\u11ff"
