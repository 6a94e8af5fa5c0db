"""Tables of text without lines around their cells, found by cells that are aligned in three rows or more."""

import re
from collections.abc import Sequence
from statistics import median

from engines.parsing.worker.blocks.key_values import header_of
from engines.parsing.worker.pages.lines import Cell
from engines.parsing.worker.pages.tables.bands import Band, band_of, try_add
from engines.parsing.worker.pages.tables.table import Table, TableRow
from engines.parsing.worker.pages.tables.table_lines import TableLine
from engines.parsing.worker.pages.tables.values import are_page_numbers, cell_text

_MIN_ROWS = 3
_MAX_LINES = 400
_MAX_GAP = 3.0
"""Maximum gap between two rows, in line heights."""
_WRAP_GAP = 0.75
"""Maximum gap between the lines of one cell, in line heights."""
_ALIGNED = 0.5
"""Maximum distance between the edges of aligned cells, in font sizes."""
_ALIGNED_SHARE = 0.75
_MAX_PROSE = 28
"""Maximum mean length of a cell in a table of two columns, in characters, unless the first cells are short keys.

Longer cells are lines of two columns of prose.
"""
_MAX_KEY = 24
_LEADER = re.compile(r" … [\divxlc]+$")


def text_table_at(lines: Sequence[TableLine], start: int) -> tuple[int, Table | None]:
    """Return the table that begins at the line `start`, after the index at which the search for tables continues.

    The table is None if no table begins there, and if the aligned lines are a table of contents or columns of prose.
    """
    if len(lines[start].cells) < 2:
        return start + 1, None
    bands, members = _members(lines[start : start + _MAX_LINES])
    grid = _Grid(bands)
    for row in members:
        grid.add(row)
    if len(grid.rows) < _MIN_ROWS or len(bands) < 2 or not _are_aligned(members, bands):
        return start + 1, None
    is_other = _is_contents(grid.rows) or (len(bands) == 2 and _is_other(grid.rows))
    return start + len(members), None if is_other else grid.table()


def _members(rows: Sequence[TableLine]) -> tuple[list[Band], list[TableLine]]:
    """Return the bands of a possible table, and its lines: as many of the first `rows` as fit into common bands.

    Each line has several cells, or is the rest of a cell in the line before.
    """
    bands: list[Band] = []
    members: list[TableLine] = []
    for number, row in enumerate(rows):
        if members and members[-1].gap_to(row) > _MAX_GAP:
            break
        if len(row.cells) == 1 and not _is_rest(members, row, bands):
            break
        if not try_add(bands, row.cells, number, row.line.height):
            break
        members.append(row)
    return bands, members


def _is_rest(members: Sequence[TableLine], row: TableLine, bands: Sequence[Band]) -> bool:
    """Return True if `row` is a further line of a cell that is not in the first column."""
    band = band_of(row.cells[0], bands)
    overlaps = sum(each.overlap(row.line.left, row.line.right) > 0 for each in bands)
    return band is not None and overlaps == 1 and band > 0 and members[-1].gap_to(row) < _WRAP_GAP


def _are_aligned(rows: Sequence[TableLine], bands: Sequence[Band]) -> bool:
    """Return True if the cells of each column after the first have the same left edge, right edge or middle."""
    for index in range(1, len(bands)):
        cells = [cell for row in rows for cell in row.cells if band_of(cell, bands) == index]
        slack = _ALIGNED * cells[0].height
        edges = ([cell.left for cell in cells], [cell.right for cell in cells], [cell.middle for cell in cells])
        if not any(_share(values, slack) >= _ALIGNED_SHARE for values in edges):
            return False
    return True


def _share(values: Sequence[float], slack: float) -> float:
    middle = median(values)
    return sum(abs(value - middle) <= slack for value in values) / len(values)


def _is_prose(rows: Sequence[TableRow]) -> bool:
    """Return True for two columns of prose: the cells are long, and those in the first column are not short keys."""
    lengths = [len(cell) for row in rows for cell in row.cells]
    keys = [len(row.cells[0]) for row in rows]
    return sum(lengths) / len(lengths) > _MAX_PROSE and median(keys) > _MAX_KEY


def _is_other(rows: Sequence[TableRow]) -> bool:
    return _is_prose(rows) or are_page_numbers([row.cells[1] for row in rows])


def _is_contents(rows: Sequence[TableRow]) -> bool:
    """Return True for a table of contents: dot leaders (an ellipsis in `Cell.text`) precede most of the page numbers."""
    return sum(bool(_LEADER.search(" ".join(row.cells))) for row in rows) > len(rows) / 2


class _Grid:
    """Assembles the rows of a table from its lines, which are added from top to bottom."""

    def __init__(self, bands: Sequence[Band]) -> None:
        self._bands = list(bands)
        self.rows: list[TableRow] = []
        self._cells: list[list[list[Cell]]] = []

    def add(self, line: TableLine) -> None:
        """Add a line as a new row. A close line with an empty first column is appended to the row before instead."""
        cells: list[list[Cell]] = [[] for _ in self._bands]
        for cell in line.cells:
            cells[band_of(cell, self._bands) or 0].append(cell)
        texts = [" ".join(map(cell_text, each)) for each in cells]
        before = self.rows[-1] if self.rows else None
        is_close = before is not None and line.line.top - before.lines[-1].bottom < _WRAP_GAP * line.line.height
        if before is not None and not texts[0] and is_close:
            before.cells = [f"{one} {other}".strip() for one, other in zip(before.cells, texts, strict=True)]
            before.lines.append(line.line)
            return
        self.rows.append(TableRow(texts, [line.line]))
        self._cells.append(cells)

    def table(self) -> Table:
        """Return the table. Its first row becomes the header if it contains column names (`header_of`)."""
        bold = [all(cell.is_bold for each in row for cell in each) for row in self._cells]
        bold_keys = [all(cell.is_bold for cell in row[0]) for row in self._cells]
        names = header_of([row.cells for row in self.rows], bold, bold_keys)
        if names is None:
            return Table([""] * len(self._bands), self.rows, self._bands)
        return Table(names, self.rows[1:], self._bands, self.rows[0].lines)
