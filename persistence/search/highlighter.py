"""Highlighting: the spans of a text that match a query, by the tokens, stems and variants that the index contains."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

from persistence.search.query import Query
from persistence.search.stemmer import Stemmer
from persistence.search.tokenizer import SearchedText, Token, has_ascii_words, tokenize
from persistence.search.variants import capitals, variants, with_capitals
from records.retrieval import TextSpan

Span = tuple[int, int]


class Highlighter:
    """Highlights one text at a time; a passage takes a third of a millisecond. Created by `open_highlighter`."""

    def __init__(self, memory: sqlite3.Connection) -> None:
        self.stemmer = Stemmer(memory)

    def spans(self, text: str, query: Query, phrases: Sequence[str] = ()) -> tuple[TextSpan, ...]:
        """Return the spans that match a term of the query or one of the `phrases`.

        Spans are in code points of `text`, in order and disjoint. A phrase consists of tokens separated by spaces.
        """
        searched = SearchedText(text)
        marked = bytearray(len(text))
        for first, last in self._matches(text, searched, query, phrases):
            marked[first:last] = b"\x01" * (last - first)
        return tuple(_runs(marked))

    def _matches(self, text: str, searched: SearchedText, query: Query, phrases: Sequence[str]) -> Iterator[Span]:
        words = (term for word in query.words for term in (*word.exact, *word.parts))
        terms = [tuple(self.stemmer.stems(term.split(" "))) for term in (*words, *phrases)]
        tokens = list(tokenize(searched.form))
        stems = self.stemmer.stems([token.text for token in tokens])
        for first, last in _term_matches(stems, terms):
            yield searched.span(tokens[first].start, tokens[last].end)
        for start, end in _pair_matches(searched.form, query.pairs):
            yield searched.span(start, end)
        missing = {term[0] for term in terms if len(term) == 1}.difference(stems)
        if any(not term.isalpha() or not term.isascii() for term in missing) or not has_ascii_words(searched.form):
            yield from self._variant_matches(text, searched, missing)

    def _variant_matches(self, text: str, searched: SearchedText, wanted: set[str]) -> Iterator[Span]:
        """Return the spans of those variants in the text whose stems are in `wanted`."""
        for variant in self._with_stems(variants(searched.form), wanted):
            yield searched.span(variant.start, variant.end)
        in_capitals = searched if text.isascii() else SearchedText(text, with_capitals)
        for variant in self._with_stems(capitals(with_capitals(text)), wanted):
            yield in_capitals.span(variant.start, variant.end)

    def _with_stems(self, found: Iterable[Token], wanted: set[str]) -> Iterator[Token]:
        tokens = list(found)
        stems = self.stemmer.stems([token.text for token in tokens])
        return (token for token, stem in zip(tokens, stems, strict=True) if stem in wanted)


@contextmanager
def open_highlighter() -> Iterator[Highlighter]:
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as memory:
        yield Highlighter(memory)


def _term_matches(stems: Sequence[str], terms: Iterable[tuple[str, ...]]) -> Iterator[Span]:
    """Yield the positions of the first and the last token of each occurrence of a term.

    `stems` are the stems of all tokens of a text; a term is a sequence of stems.
    """
    places: dict[str, list[int]] = {}
    for place, stem in enumerate(stems):
        places.setdefault(stem, []).append(place)
    for term in terms:
        for place in places.get(term[0], ()):
            if tuple(stems[place : place + len(term)]) == term:
                yield place, place + len(term) - 1


def _pair_matches(form: str, pairs: Sequence[str]) -> Iterator[Span]:
    for pair in pairs:
        start = form.find(pair)
        while start >= 0:
            yield start, start + len(pair)
            start = form.find(pair, start + 1)


def _runs(marked: bytearray) -> Iterator[TextSpan]:
    """Yield the spans of consecutive characters that are marked by 1."""
    start = marked.find(1)
    while start >= 0:
        end = marked.find(0, start)
        end = len(marked) if end < 0 else end
        yield TextSpan(start, end)
        start = marked.find(1, end)
