"""Judges whether a reader of a passage can tell the value that a table has in a row and a column.

A passage states a fact if the row's line names the column directly before the value, or if a line above the row lists the
columns in the order of the row's values.
"""

import re
from collections.abc import Iterable, Sequence

from benchmarks.judged.collection import TableFact

_VALUE = re.compile(r"\(?\s?[$€£]?\s?\(?\d[\d,]*(?:\.\d+)?\s?\)?\s?%?|(?<!\w)[—–-](?!\w)")
_YEAR = re.compile(r"(?<![\d,.])(?:19|20)\d\d(?![\d,]|\.\d)")
_REMARK = re.compile(r"\((?:\d|[^()]*[a-z][^()]*)\)")
"""A footnote mark, or words in parentheses such as a reference to a note. Their numbers are no values."""
_SAME_CHARACTERS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "‐": "-", "\u2011": "-"})


def states(passages: Iterable[str], fact: TableFact, columns: Sequence[str]) -> bool:
    """Return True if one of the passages states the fact. `columns` are the known columns of its table."""
    known = [_plain(column) for column in columns]
    row, column, value = _plain(fact.row), _plain(fact.column), _plain(fact.value)
    return any(_passage_states(passage, row, column, value, known) for passage in passages)


def _passage_states(passage: str, row: str, column: str, value: str, known: Sequence[str]) -> bool:
    lines = [_plain(line) for line in passage.splitlines()]
    for number, line in enumerate(lines):
        for label in re.finditer(rf"(?<!\w){re.escape(row)}(?!\w)", line):
            cells = line[label.end() :]
            if _is_named(cells, column, value, known) or _is_listed(lines[:number], cells, column, value, known):
                return True
    return False


def _is_named(cells: str, column: str, value: str, known: Sequence[str]) -> bool:
    """Return True if the last known column before the value is the fact's, with no other number between the two."""
    for match in re.finditer(rf"(?<![\d,.]){re.escape(value)}(?!\d|[.,]\d)", cells):
        before = cells[: match.start()]
        named = [(before.rfind(each) + len(each), each) for each in known if each in before]
        end, name = max(named, default=(0, ""))
        if name == column and not re.search(r"\d", _REMARK.sub("", before[end:])):
            return True
    return False


def _is_listed(above: Sequence[str], cells: str, column: str, value: str, known: Sequence[str]) -> bool:
    """Return True if the nearest line above that names the column has it at the place of the value among the values."""
    header = next((line for line in reversed(above) if column in _columns_in(line, column, known)), None)
    if header is None:
        return False
    names = _columns_in(header, column, known)
    values = [re.sub(r"[^\d,.—–-]", "", match.group()) for match in _VALUE.finditer(_REMARK.sub(" ", cells))]
    place = names.index(column)
    return len(values) >= len(names) and values[place] == value


def _columns_in(line: str, column: str, known: Sequence[str]) -> list[str]:
    """Return the columns that a header line lists: all years if the column is a year, else the known columns."""
    if _YEAR.fullmatch(column):
        return _YEAR.findall(line) if not re.search(r"\d,\d", line) else []
    return sorted((name for name in known if name in line), key=line.index)


def _plain(text: str) -> str:
    return " ".join(text.translate(_SAME_CHARACTERS).split()).casefold()
