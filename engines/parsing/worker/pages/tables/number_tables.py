"""Tables of numbers without lines around their cells: found by values that stand below each other.

A table begins with a line that has a label and a value, and continues as long as the cells of its lines fit into the same
bands. The lines directly above are its header if they are short and above the values.
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
"""Gap between two lines of a table, in line heights."""
_SPACED_RATIO, _MAX_SPACED_GAP = 1.25, 8.0
"""Ratio of a gap of a table to the median gap of all lines, if these are far apart, and its maximum in line heights."""
_MAX_HEADER_GAP = 2.6
"""Gap between two lines of a header and below it, in line heights."""
_HEADER_RATIO = 1.25
"""Ratio of a larger gap to that between the rows, up to which a line can still belong to the header."""
_TITLE_RATIO = 1.2
"""Ratio of the font sizes from which a line above a table is its title, and not a part of its header."""
_MAX_PENDING = 12
"""Lines without values that a table can have between two lines with values."""
_MAX_HEADER = 10
_VALUE_SHARE = 0.5
"""Share of the cells of a band from which it is a column of values."""


@dataclass(slots=True)
class _Run:
    """The lines of a table with values, and its bands."""

    begin: int
    end: int
    data: list[int]
    bands: list[Band] = field(default_factory=list)
    first: int = 0
    "Index of the first band with values."


def number_tables(rows: Sequence[TableLine], rulings: Sequence[Ruling]) -> list[tuple[int, int, list[Table]]]:
    """Return the tables among the lines of a page or column, with the indexes of their first and behind their last line."""
    found = []
    free = position = 0
    max_gap = _max_gap(rows)
    while position < len(rows):
        run = _run_at(rows, position, max_gap) if rows[position].is_data else None
        if run is None:
            position += 1
            continue
        run.begin = _header_begin(rows, run, free)
        if _is_table(rows, run):
            accepted = {id(rows[number]) for number in run.data}
            reader = RowReader(run.bands, run.first, rulings)
            found.append((run.begin, run.end, reader.read(rows[run.begin : run.end], accepted)))
            free = run.end
        position = max(position + 1, run.end)
    return found


def _max_gap(rows: Sequence[TableLine]) -> float:
    """Return the gap between two lines above which a table ends, in line heights. Spaced lines have wider ones."""
    gaps = [before.gap_to(row) for before, row in pairwise(rows)]
    return max(_MAX_GAP, min(_SPACED_RATIO * median(gaps), _MAX_SPACED_GAP)) if gaps else _MAX_GAP


def _run_at(rows: Sequence[TableLine], start: int, max_gap: float) -> _Run | None:
    """Return the lines with values from `start` on that fit into common bands, and the lines between them."""
    run = _Run(start, start + 1, [start])
    if not try_add(run.bands, rows[start].cells, start, rows[start].line.height):
        return None
    for number in range(start + 1, len(rows)):
        row = rows[number]
        is_far = rows[number - 1].gap_to(row) > max_gap or number - run.end > _MAX_PENDING
        if is_far or (not row.is_data and _is_prose(row, run.bands)):
            break
        if row.is_data:
            if not try_add(run.bands, row.cells, number, row.line.height):
                break
            run.data.append(number)
            run.end = number + 1
    run.first = _first_value_band(rows, run)
    if run.end < len(rows) and _continues_label(rows[run.end - 1], rows[run.end], run):
        run.end += 1
    return run


def _is_prose(row: TableLine, bands: Sequence[Band]) -> bool:
    """Return True for a line of text that runs from the labels far into the columns of the values."""
    if len(row.cells) > 1 or not bands:
        return False
    cell = row.cells[0]
    crossed = sum(band.overlap(cell.left, cell.right) > cell.height for band in bands)
    return crossed > 1 and cell.left < bands[0].right and len(cell.text) > 40 and not cell.text.endswith(":")


def _continues_label(before: TableLine, row: TableLine, run: _Run) -> bool:
    """Return True if the line behind a table is the rest of its last label."""
    is_label = len(row.cells) == 1 and run.first > 0 and row.line.right <= run.bands[run.first].left
    return (
        is_label and before.gap_to(row) < 0.6 and row.line.text[:1].islower() and row.line.height == before.line.height
    )


def _first_value_band(rows: Sequence[TableLine], run: _Run) -> int:
    values, cells = Counter[int](), Counter[int]()
    for number in run.data:
        for cell in rows[number].cells:
            band = band_of(cell, run.bands)
            if band is not None:
                cells[band] += 1
                values[band] += is_value(cell.text)
    shares = [values[band] / max(1, cells[band]) for band in range(len(run.bands))]
    return next((band for band, share in enumerate(shares) if share >= _VALUE_SHARE), len(shares) - 1)


def _header_begin(rows: Sequence[TableLine], run: _Run, free: int) -> int:
    """Return the index of the first line of the header above the first line with values."""
    top = number = run.begin
    max_gap = max(_MAX_HEADER_GAP, _HEADER_RATIO * _row_gap(rows, run))
    while number > max(free, run.begin - _MAX_HEADER):
        row = rows[number - 1]
        is_title = row.line.height > _TITLE_RATIO * rows[run.begin].line.height
        if is_title or row.gap_to(rows[number]) > max_gap:
            break
        if can_name_columns(row, run.bands, run.first):
            top = number - 1
        elif not _can_be_row(row, run):
            break
        number -= 1
    return top


def _row_gap(rows: Sequence[TableLine], run: _Run) -> float:
    """Return the median gap between neighbouring lines with values, in line heights; 0 if there are none."""
    gaps = [rows[before].gap_to(rows[after]) for before, after in pairwise(run.data) if after == before + 1]
    return median(gaps) if gaps else 0.0


def _can_be_row(row: TableLine, run: _Run) -> bool:
    """Return True for the title of a part, and for a row whose values are further down."""
    if len(row.cells) == 1 and (row.line.right <= run.bands[run.first].left or row.line.text.endswith(":")):
        return True
    return len(row.cells) > 1 and try_add(list(run.bands), row.cells, -1, row.line.height)


def _is_table(rows: Sequence[TableLine], run: _Run) -> bool:
    """Return True for two lines with values, or for one below a header. A table of contents is none."""
    if len(run.data) == 1:
        header = rows[run.begin : run.data[0]]
        return len(rows[run.data[0]].cells) > 2 and any(is_period(cell.text) for row in header for cell in row.cells)
    return not _is_contents(rows, run)


def _is_contents(rows: Sequence[TableLine], run: _Run) -> bool:
    """Return True for a table of contents: each line has a title and one number."""
    is_single = all(sum(is_value(cell.text) for cell in rows[number].cells[1:]) == 1 for number in run.data)
    return is_single and are_page_numbers([rows[number].cells[-1].text for number in run.data])
