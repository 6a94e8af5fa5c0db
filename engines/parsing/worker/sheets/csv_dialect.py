"""The dialect of a delimited table: its delimiter, its quotation mark and its escape character.

The delimiter is chosen by how many rows have the same number of cells, and by how many cells are whole (`_is_whole`).
"""

import csv
import re
from collections import Counter

from engines.parsing.formats.csv import DELIMITERS
from engines.parsing.worker.blocks.cell_values import ValueKind, kind_of

_EVENNESS = 2.0
"""Exponent of the share of rows with the most common number of cells, in the score of a delimiter."""
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])\s*'[^'\n]*[,;\t|][^'\n]*'\s*(?=[,;\t|]|$)", re.M)

_ESCAPED = re.compile(r'\\"[^,;\t|\n"]')
_DOUBLED = re.compile(r'[^\\,;\t|\n]""[^,;\t|\n]')


def choose_dialect(sample: str, delimiter: str | None, usual: str) -> type[csv.Dialect]:
    """Return the dialect of a table. `sample` contains its first lines.

    `delimiter` is the delimiter that the file states, or None. `usual` is the delimiter of the format; it is chosen if none
    divides the lines better.
    """

    class Chosen(csv.excel):
        """The chosen dialect, a class because `csv` requires one."""

        skipinitialspace = True

    Chosen.quotechar = "'" if '"' not in sample and _SINGLE_QUOTED.search(sample) else '"'
    if _ESCAPED.search(sample) and not _DOUBLED.search(sample):
        Chosen.escapechar = "\\"
    if delimiter:
        Chosen.delimiter = delimiter
        return Chosen
    best = 0.0
    Chosen.delimiter = chosen = usual
    for candidate in DELIMITERS:
        Chosen.delimiter = candidate
        score = _score(sample, Chosen)
        if score > best or (score == best and candidate == usual):
            best, chosen = score, candidate
    Chosen.delimiter = chosen
    return Chosen


def _score(sample: str, dialect: type[csv.Dialect]) -> float:
    """Return a score from 0 to 1 for a dialect: 0 if it yields one column, higher for even rows and whole cells."""
    try:
        rows = [row for row in csv.reader(sample.splitlines(keepends=True), dialect) if any(row)]
    except csv.Error:
        return 0.0
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda item: (item[0] * item[1], item[0]))
    cells = [cell.strip() for row in rows if len(row) == width for cell in row]
    whole = sum(_is_whole(cell) for cell in cells) / len(cells)
    evenness = (count / len(rows)) ** _EVENNESS
    return float(evenness * whole * (1 - 1 / width))


def _is_whole(cell: str) -> bool:
    """Return True if a cell was not left undivided by mistake.

    A cell is whole if it is a number or date, or if each delimiter character in it is followed by a space, as in a sentence.
    """
    if kind_of(cell) is not ValueKind.TEXT:
        return True
    return not re.search(rf"[{re.escape(DELIMITERS)}](?!\s|$)", cell)
