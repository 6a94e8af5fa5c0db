"""The dialect of a delimited table, chosen by evidence: how even the rows are, and how many cells are whole values."""

import csv
import re
from collections import Counter

from engines.parsing.formats.csv import DELIMITERS
from engines.parsing.worker.blocks.cell_values import ValueKind, kind_of

_EVENNESS = 2.0
"""Weight of the share of rows with the usual number of cells, as a power."""
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])\s*'[^'\n]*[,;\t|][^'\n]*'\s*(?=[,;\t|]|$)", re.M)

_ESCAPED = re.compile(r'\\"[^,;\t|\n"]')
_DOUBLED = re.compile(r'[^\\,;\t|\n]""[^,;\t|\n]')


def choose_dialect(sample: str, delimiter: str | None, usual: str) -> type[csv.Dialect]:
    """Return the dialect of a table from its first lines.

    `delimiter` is the one that the file states, or None. `usual` is used for a table of one column.
    """

    class Chosen(csv.excel):
        """The dialect of this table."""

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
    """Return how well a dialect divides the sample: 0 for one column, more for many even rows of whole values."""
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
    """Return True for a value, and for text that contains no delimiter, except before a space as in a sentence."""
    if kind_of(cell) is not ValueKind.TEXT:
        return True
    return not re.search(rf"[{re.escape(DELIMITERS)}](?!\s|$)", cell)
