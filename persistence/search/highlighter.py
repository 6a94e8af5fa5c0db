"""Where a query's words stand in a text, told by FTS5 itself, so that marks and hits agree on what a word is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from persistence.search.words import Query, any_of
from records.retrieval import TextSpan
from records.values.text import encodable

_BEGIN, _END = "\x01", "\x02"
_NO_MARKS = str.maketrans({_BEGIN: " ", _END: " ", "\0": " "})


class Highlighter:
    """Holds one text at a time in memory; a passage takes some 150 µs."""

    def __init__(self, memory: sqlite3.Connection) -> None:
        self._memory = memory
        memory.execute("CREATE VIRTUAL TABLE passage USING fts5(text, tokenize='porter unicode61')")

    def spans(self, text: str, query: Query) -> tuple[TextSpan, ...]:
        """Code points, in order, without overlaps."""
        marked = bytearray(len(text))
        for start, end in (*self._word_spans(text, query.words), *_pair_spans(text, query.pairs)):
            marked[start:end] = b"\x01" * (end - start)
        return tuple(_runs(marked))

    def _word_spans(self, text: str, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
        if not words:
            return
        self._memory.execute(
            "REPLACE INTO passage (rowid, text) VALUES (1, ?)", (encodable(text).translate(_NO_MARKS),)
        )
        row = self._memory.execute(
            "SELECT highlight(passage, 0, ?, ?) FROM passage WHERE passage MATCH ?", (_BEGIN, _END, any_of(words))
        ).fetchone()
        start = position = 0
        for character in row[0] if row else "":
            if character == _BEGIN:
                start = position
            elif character == _END:
                yield start, position
            else:
                position += 1


@contextmanager
def open_highlighter() -> Iterator[Highlighter]:
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as memory:
        yield Highlighter(memory)


def _pair_spans(text: str, pairs: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    for pair in pairs:
        start = text.find(pair)
        while start >= 0:
            yield start, start + len(pair)
            start = text.find(pair, start + 1)


def _runs(marked: bytearray) -> Iterator[TextSpan]:
    start = marked.find(1)
    while start >= 0:
        end = marked.find(0, start)
        end = len(marked) if end < 0 else end
        yield TextSpan(start, end)
        start = marked.find(1, end)
