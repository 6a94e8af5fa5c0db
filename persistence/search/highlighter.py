"""Highlighting: the places in a text that match a query, found by FTS5 itself so that highlights and hits agree."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from persistence.search.query import Query, any_of
from persistence.search.tokenizer import SearchedText, Token, tokenize
from records.retrieval import TextSpan

_BEGIN, _END = "\x01", "\x02"


class Highlighter:
    """Indexes one text at a time in memory. A passage takes less than a millisecond. Created by `open_highlighter`."""

    def __init__(self, memory: sqlite3.Connection) -> None:
        self._memory = memory
        memory.execute("CREATE VIRTUAL TABLE passage USING fts5(text, tokenize='porter ascii')")

    def spans(self, text: str, query: Query, phrases: Sequence[str] = ()) -> tuple[TextSpan, ...]:
        """Return the spans that match the query or one of the FTS5 `phrases`: code points of `text`, in order, disjoint."""
        searched = SearchedText(text)
        marked = bytearray(len(text))
        for start, end in self._matches(searched.form, query, phrases):
            first, last = searched.span(start, end)
            marked[first:last] = b"\x01" * (last - first)
        return tuple(_runs(marked))

    def _matches(self, form: str, query: Query, phrases: Sequence[str]) -> Iterator[tuple[int, int]]:
        expression = " OR ".join(filter(None, (any_of(query.words), *phrases)))
        if expression:
            yield from self._token_matches(list(tokenize(form)), expression)
        yield from _pair_matches(form, query.pairs)

    def _token_matches(self, tokens: Sequence[Token], expression: str) -> Iterator[tuple[int, int]]:
        """Return the spans of the tokens between FTS5's marks."""
        text = " ".join(token.text for token in tokens)
        self._memory.execute("REPLACE INTO passage (rowid, text) VALUES (1, ?)", (text,))
        row = self._memory.execute(
            "SELECT highlight(passage, 0, ?, ?) FROM passage WHERE passage MATCH ?", (_BEGIN, _END, expression)
        ).fetchone()
        first = index = 0
        for character in row[0] if row else "":
            if character == " ":
                index += 1
            elif character == _BEGIN:
                first = index
            elif character == _END:
                yield tokens[first].start, tokens[index].end


@contextmanager
def open_highlighter() -> Iterator[Highlighter]:
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as memory:
        yield Highlighter(memory)


def _pair_matches(form: str, pairs: Sequence[str]) -> Iterator[tuple[int, int]]:
    for pair in pairs:
        start = form.find(pair)
        while start >= 0:
            yield start, start + len(pair)
            start = form.find(pair, start + 1)


def _runs(marked: bytearray) -> Iterator[TextSpan]:
    """Return the runs of marked characters."""
    start = marked.find(1)
    while start >= 0:
        end = marked.find(0, start)
        end = len(marked) if end < 0 else end
        yield TextSpan(start, end)
        start = marked.find(1, end)
