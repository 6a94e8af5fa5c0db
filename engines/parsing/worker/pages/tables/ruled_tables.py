"""Tables whose cells are divided by drawn lines (rulings).

The text of a merged cell is repeated in every row that it covers, and is part of the name of every column that it covers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engines.parsing.worker.blocks.cell_values import is_period, is_value
from engines.parsing.worker.blocks.key_values import header_of
from engines.parsing.worker.pages.lines import Cell, Line, line_separator, lines_of
from engines.parsing.worker.pages.page_spans import Ruling, Span
from engines.parsing.worker.pages.tables.table import Table, TableRow
from engines.parsing.worker.pages.tables.values import cell_text

_TOUCH = 3.0
"""Maximum distance, in points, between two drawn lines that count as touching."""
_SAME_PLACE = 2.5
"""Maximum distance, in points, between two parallel drawn lines that count as one."""
_MAX_COLUMNS, _MAX_ROWS = 60, 400
_MAX_TITLE_LINES = 3
_VALUE_SHARE = 0.6
"""Minimum share of values among the text lines of a cell that contains several rows of a table."""
_MIN_FILLED = 0.4
"""Minimum share of cells with text in a table. The lines of a drawing enclose fewer texts."""


@dataclass(slots=True)
class _Area:
    """A cell, which may be merged: the columns and rows of the grid that it covers, and the text in it."""

    columns: range
    rows: range
    spans: list[Span]

    @property
    def lines(self) -> list[Line]:
        return lines_of(self.spans)


def ruled_tables(spans: Sequence[Span], rulings: Sequence[Ruling]) -> list[tuple[Table, list[Span]]]:
    """Return the tables whose cells are divided by drawn lines, from top to bottom, each with the spans in it."""
    found = []
    for group in _touching(rulings):
        grid = _Grid(group)
        if grid.is_table and (areas := grid.areas(spans)) and (table := _table(areas, grid)):
            found.append((table, [span for area in areas for span in area.spans]))
    return sorted(found, key=lambda each: min(span.top for span in each[1]))


def _touching(rulings: Sequence[Ruling]) -> Iterator[list[Ruling]]:
    """Yield the groups of drawn lines that touch each other, directly or through other lines of the group."""
    remaining = sorted(rulings, key=lambda ruling: ruling.top)
    while remaining:
        group, frontier = [], [remaining.pop(0)]
        while frontier:
            ruling = frontier.pop()
            group.append(ruling)
            touching = [other for other in remaining if _touch(ruling, other)]
            if touching:
                taken = set(map(id, touching))
                remaining = [other for other in remaining if id(other) not in taken]
                frontier += touching
        yield group


def _touch(one: Ruling, other: Ruling) -> bool:
    return (
        one.left - _TOUCH <= other.right
        and other.left - _TOUCH <= one.right
        and one.top - _TOUCH <= other.bottom
        and other.top - _TOUCH <= one.bottom
    )


class _Grid:
    """The grid that is drawn by rulings which touch each other: the positions of its vertical and horizontal lines."""

    def __init__(self, rulings: Sequence[Ruling]) -> None:
        self._across = [ruling for ruling in rulings if ruling.is_horizontal]
        self._down = [ruling for ruling in rulings if not ruling.is_horizontal]
        self.xs = _places(ruling.middle for ruling in self._down)
        self.ys = _places(ruling.middle for ruling in self._across)
        if self._across and self._down:
            self._close_sides()

    def _close_sides(self) -> None:
        """Add the outer sides of a table that has no frame, at the ends of its lines."""
        left, right = min(ruling.left for ruling in self._across), max(ruling.right for ruling in self._across)
        top, bottom = min(ruling.top for ruling in self._down), max(ruling.bottom for ruling in self._down)
        self.xs = _places([left, *self.xs, right], 3 * _SAME_PLACE)
        self.ys = _places([top, *self.ys, bottom], 3 * _SAME_PLACE)

    @property
    def is_table(self) -> bool:
        return bool(self._down) and 3 <= len(self.xs) <= _MAX_COLUMNS and 3 <= len(self.ys) <= _MAX_ROWS

    def areas(self, spans: Iterable[Span]) -> list[_Area]:
        """Return the cells with the spans in them; an empty list if too few cells contain text.

        A cell over all columns with more than `_MAX_TITLE_LINES` lines keeps no spans, because it is text around the table.
        """
        areas, owners = self._merged()
        for span in spans:
            column, row = _index(self.xs, (span.left + span.right) / 2), _index(self.ys, (span.top + span.bottom) / 2)
            if column is not None and row is not None:
                areas[owners[row][column]].spans.append(span)
        for area in areas:
            if len(area.columns) == len(self.xs) - 1 and len(area.lines) > _MAX_TITLE_LINES:
                area.spans = []
        filled = sum(bool(area.spans) for area in areas)
        return areas if filled >= max(3, _MIN_FILLED * len(areas)) else []

    def _merged(self) -> tuple[list[_Area], list[list[int]]]:
        """Merge adjacent grid positions that no drawn line divides into cells.

        Return the cells, and a matrix `[row][column]` with the index of the cell that covers each grid position.
        """
        columns, rows = len(self.xs) - 1, len(self.ys) - 1
        owners = [[-1] * columns for _ in range(rows)]
        areas: list[_Area] = []
        for row in range(rows):
            for column in range(columns):
                if owners[row][column] >= 0:
                    continue
                right, bottom = column + 1, row + 1
                while right < columns and owners[row][right] < 0 and not self._is_divided_at_x(right, row):
                    right += 1
                while bottom < rows and not any(self._is_divided_at_y(bottom, each) for each in range(column, right)):
                    bottom += 1
                areas.append(_Area(range(column, right), range(row, bottom), []))
                for each in range(row, bottom):
                    owners[each][column:right] = [len(areas) - 1] * (right - column)
        return areas, owners

    def _is_divided_at_x(self, column: int, row: int) -> bool:
        middle, x = (self.ys[row] + self.ys[row + 1]) / 2, self.xs[column]
        return any(abs(each.middle - x) <= _SAME_PLACE and each.top <= middle <= each.bottom for each in self._down)

    def _is_divided_at_y(self, row: int, column: int) -> bool:
        middle, y = (self.xs[column] + self.xs[column + 1]) / 2, self.ys[row]
        return any(abs(each.middle - y) <= _SAME_PLACE and each.left <= middle <= each.right for each in self._across)


def _places(values: Iterable[float], slack: float = _SAME_PLACE) -> list[float]:
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > slack:
            places.append(value)
    return places


def _index(places: Sequence[float], value: float) -> int | None:
    return next((index for index, (low, high) in enumerate(pairwise(places)) if low <= value <= high), None)


@dataclass(slots=True)
class _Row:
    """A row of the grid. `cells` and `names` have one text for each column.

    The text of a merged cell is only in the first of its columns in `cells`, but in all of its columns in `names`.
    """

    cells: list[str]
    names: list[str]
    lines: list[Line]
    is_spanning: bool = False
    "True for a row that consists of one cell over all columns."


def _table(areas: Sequence[_Area], grid: _Grid) -> Table | None:
    """Return the table that the cells of a grid form.

    Return None if only one column contains text, or if no lines are drawn between the rows.
    """
    count, columns = len(grid.ys) - 1, len(grid.xs) - 1
    if _has_undivided_rows(areas):
        return None
    rows = [_Row([""] * columns, [""] * columns, []) for _ in range(count)]
    for area in areas:
        text = _text(area)
        for number in area.rows:
            rows[number].cells[area.columns.start] = text
            rows[number].names[area.columns.start : area.columns.stop] = [text] * len(area.columns)
        rows[area.rows.start].lines += area.lines
        rows[area.rows.start].is_spanning |= len(area.columns) == columns and bool(area.spans)
    used = [column for column in range(columns) if any(row.cells[column] for row in rows)]
    filled = [
        _Row([row.cells[each] for each in used], [row.names[each] for each in used], row.lines, row.is_spanning)
        for row in rows
        if row.lines
    ]
    return _with_header(filled) if len(used) > 1 and filled else None


def _text(area: _Area) -> str:
    text = ""
    for line in area.lines:
        part = cell_text(Cell(line.spans))
        text = f"{text}{line_separator(text, part)}{part}" if text else part
    return text


def _has_undivided_rows(areas: Sequence[_Area]) -> bool:
    """Return True if cells contain several values below each other, because no lines are drawn between the rows."""
    by_row: dict[int, list[int]] = {}
    for area in areas:
        lines = area.lines
        values = sum(is_value(cell_text(Cell(line.spans))) for line in lines)
        if values > 1 and values >= _VALUE_SHARE * len(lines):
            by_row.setdefault(area.rows.start, []).append(values)
    return any(len(counts) > 1 or counts[0] > 2 for counts in by_row.values())


def _with_header(rows: Sequence[_Row]) -> Table:
    """Return the table of these rows, with its captions, its column names and its section titles.

    Column names can have two levels. A cell over a whole row is a caption at the top, and a section title further down.
    """
    captions: list[Line] = []
    while len(rows) > 2 and rows[0].is_spanning:
        captions += rows[0].lines
        rows = rows[1:]
    levels = _header_rows(rows)
    names = ["" for _ in rows[0].names]
    for row in rows[:levels]:
        names = [
            name if name == cell else f"{name} {cell}".strip() for name, cell in zip(names, row.names, strict=True)
        ]
    table = Table(names, [], header=[line for row in rows[:levels] for line in row.lines], captions=captions)
    section: tuple[str, ...] = ()
    for number, row in enumerate(rows[levels:], levels):
        if row.is_spanning and number + 1 < len(rows) and not rows[number + 1].is_spanning:
            section = (row.cells[0].rstrip(":"),)
        else:
            table.rows.append(TableRow(row.cells, row.lines, () if row.is_spanning else section))
    return table


def _header_rows(rows: Sequence[_Row]) -> int:
    """Return the number of rows that contain column names, 0 to 2. A table of one row has none: its row is content."""
    if len(rows) < 2:
        return 0
    has_levels = any(one and one == other for one, other in pairwise(rows[0].names))
    if has_levels and len(rows) > 2 and not any(_is_number(cell) for row in rows[:2] for cell in row.names):
        return 2
    bold = [all(line.is_bold for line in row.lines) for row in rows]
    bold_keys = [all(line.cells[0].is_bold for line in row.lines) for row in rows]
    return int(header_of([row.cells for row in rows], bold, bold_keys) is not None)


def _is_number(cell: str) -> bool:
    return is_value(cell) and not is_period(cell)
