"""Tables of numbers without lines around their cells, found by values that are aligned below each other.

A table begins with a line that has a label and a value. It continues as long as the cells of the next lines fit into the
same bands, the horizontal ranges of the columns (`Band`). The lines directly above it are its header if their cells are
short and above the columns of values.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from engines.parsing.worker.blocks.cell_values import is_period, is_value
from engines.parsing.worker.pages.page_spans import Ruling
from engines.parsing.worker.pages.tables.bands import Band, band_of, try_add
from engines.parsing.worker.pages.tables.number_rows import RowReader
from engines.parsing.worker.pages.tables.table import Table
from engines.parsing.worker.pages.tables.table_lines import TableLine, can_name_columns
from engines.parsing.worker.pages.tables.values import are_page_numbers

_MAX_GAP = 3.5
"""Maximum gap between two lines of a table, in line heights."""
_SPACED_RATIO, _MAX_SPACED_GAP = 1.25, 8.0
"""Maximum gap between two lines of a table on a page with widely spaced lines.

It is given as a ratio to the median gap of all lines and, as an upper limit, in line heights.
"""
_MAX_HEADER_GAP = 2.6
"""Maximum gap between two lines of a header, and between the header and the first row, in line heights."""
_HEADER_RATIO = 1.25
"""Maximum ratio of a gap in or below the header to the gap between rows, if this allows more than `_MAX_HEADER_GAP`."""
_TITLE_RATIO = 1.2
"""Ratio of font sizes, line above the table to first row, above which the line is a title and not part of the header."""
_MAX_PENDING = 12
"""Maximum number of lines without values between two lines with values of one table."""
_MAX_HEADER = 10
_VALUE_SHARE = 0.5
"""Minimum share of values among the cells of a band that is a column of values."""


@dataclass(slots=True)
class _Candidate:
    """A possible table: the lines `begin` to `end` (exclusive), and the bands of its columns.

    `data` contains the numbers of its lines with values.
    """

    begin: int
    end: int
    data: list[int]
    bands: list[Band] = field(default_factory=list)
    first: int = 0
    "Index of the first band with values."


def number_tables(rows: Sequence[TableLine], rulings: Sequence[Ruling]) -> list[tuple[int, int, list[Table]]]:
    """Return the tables of numbers among the lines of a region.

    Each result is the index of the first line, the index after the last line, and the tables between the two: more than one
    if a header in the middle begins a new table.
    """
    found = []
    free = position = 0
    max_gap = _max_gap(rows)
    while position < len(rows):
        candidate = _candidate_at(rows, position, max_gap) if rows[position].is_data else None
        if candidate is None:
            position += 1
            continue
        candidate.begin = _header_begin(rows, candidate, free)
        if _is_table(rows, candidate):
            accepted = {id(rows[number]) for number in candidate.data}
            reader = RowReader(candidate.bands, candidate.first, rulings)
            found.append((candidate.begin, candidate.end, reader.read(rows[candidate.begin : candidate.end], accepted)))
            free = candidate.end
        position = max(position + 1, candidate.end)
    return found


def _max_gap(rows: Sequence[TableLine]) -> float:
    """Return the maximum gap between two lines of a table, in line heights. It is larger if all lines are widely spaced."""
    gaps = [before.gap_to(row) for before, row in pairwise(rows)]
    return max(_MAX_GAP, min(_SPACED_RATIO * median(gaps), _MAX_SPACED_GAP)) if gaps else _MAX_GAP


def _candidate_at(rows: Sequence[TableLine], start: int, max_gap: float) -> _Candidate | None:
    """Return the possible table that begins at the line `start`; None if the cells of this line overlap each other.

    It contains the lines with values that fit into the same bands, and the lines without values between them.
    """
    candidate = _Candidate(start, start + 1, [start])
    if not try_add(candidate.bands, rows[start].cells, start, rows[start].line.height):
        return None
    for number in range(start + 1, len(rows)):
        row = rows[number]
        is_far = rows[number - 1].gap_to(row) > max_gap or number - candidate.end > _MAX_PENDING
        if is_far or (not row.is_data and _is_prose(row, candidate.bands)):
            break
        if row.is_data:
            if not try_add(candidate.bands, row.cells, number, row.line.height):
                break
            candidate.data.append(number)
            candidate.end = number + 1
    candidate.first = _first_value_band(rows, candidate)
    if candidate.end < len(rows) and _continues_label(rows[candidate.end - 1], rows[candidate.end], candidate):
        candidate.end += 1
    return candidate


def _is_prose(row: TableLine, bands: Sequence[Band]) -> bool:
    """Return True for a line of running text: one long cell that extends from the labels over the columns of values."""
    if len(row.cells) > 1 or not bands:
        return False
    cell = row.cells[0]
    crossed = sum(band.overlap(cell.left, cell.right) > cell.height for band in bands)
    return crossed > 1 and cell.left < bands[0].right and len(cell.text) > 40 and not cell.text.endswith(":")


def _continues_label(before: TableLine, row: TableLine, candidate: _Candidate) -> bool:
    """Return True if `row`, the line after a table, is the rest of the label of the table's last line, `before`."""
    is_label = len(row.cells) == 1 and candidate.first > 0 and row.line.right <= candidate.bands[candidate.first].left
    return (
        is_label and before.gap_to(row) < 0.6 and row.line.text[:1].islower() and row.line.height == before.line.height
    )


def _first_value_band(rows: Sequence[TableLine], candidate: _Candidate) -> int:
    values, cells = Counter[int](), Counter[int]()
    for number in candidate.data:
        for cell in rows[number].cells:
            band = band_of(cell, candidate.bands)
            if band is not None:
                cells[band] += 1
                values[band] += is_value(cell.text)
    shares = [values[band] / max(1, cells[band]) for band in range(len(candidate.bands))]
    return next((band for band, share in enumerate(shares) if share >= _VALUE_SHARE), len(shares) - 1)


def _header_begin(rows: Sequence[TableLine], candidate: _Candidate, free: int) -> int:
    """Return the index of the first header line; if there is no header, that of the first line with values.

    Lines before the index `free` belong to an earlier table.
    """
    top = number = candidate.begin
    max_gap = max(_MAX_HEADER_GAP, _HEADER_RATIO * _row_gap(rows, candidate))
    while number > max(free, candidate.begin - _MAX_HEADER):
        row = rows[number - 1]
        is_title = row.line.height > _TITLE_RATIO * rows[candidate.begin].line.height
        if is_title or row.gap_to(rows[number]) > max_gap:
            break
        if can_name_columns(row, candidate.bands, candidate.first):
            top = number - 1
        elif not _can_be_row(row, candidate):
            break
        number -= 1
    return top


def _row_gap(rows: Sequence[TableLine], candidate: _Candidate) -> float:
    """Return the median gap between consecutive lines with values, in line heights; 0 if no two lines are consecutive."""
    gaps = [rows[before].gap_to(rows[after]) for before, after in pairwise(candidate.data) if after == before + 1]
    return median(gaps) if gaps else 0.0


def _can_be_row(row: TableLine, candidate: _Candidate) -> bool:
    """Return True for a line between the header and the first values that can be a section title or a row of texts."""
    if len(row.cells) == 1 and (row.line.right <= candidate.bands[candidate.first].left or row.line.text.endswith(":")):
        return True
    return len(row.cells) > 1 and try_add(list(candidate.bands), row.cells, -1, row.line.height)


def _is_table(rows: Sequence[TableLine], candidate: _Candidate) -> bool:
    """Return True for a possible table with two lines of values, or with one line below a header that names periods.

    Return False for a table of contents.
    """
    if len(candidate.data) == 1:
        header = rows[candidate.begin : candidate.data[0]]
        return len(rows[candidate.data[0]].cells) > 2 and any(
            is_period(cell.text) for row in header for cell in row.cells
        )
    return not _is_contents(rows, candidate)


def _is_contents(rows: Sequence[TableLine], candidate: _Candidate) -> bool:
    """Return True for a table of contents: each line has a title and one number."""
    is_single = all(sum(is_value(cell.text) for cell in rows[number].cells[1:]) == 1 for number in candidate.data)
    return is_single and are_page_numbers([rows[number].cells[-1].text for number in candidate.data])
