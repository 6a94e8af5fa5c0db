"""Rows of a table of numbers: labels of several lines, section titles, and headers in the middle of the table."""

import re
from collections.abc import Sequence, Set
from itertools import groupby, pairwise
from statistics import median

from engines.parsing.worker.blocks.cell_values import mentions_period
from engines.parsing.worker.pages.lines import Cell, Line
from engines.parsing.worker.pages.page_spans import Ruling
from engines.parsing.worker.pages.tables.bands import Band
from engines.parsing.worker.pages.tables.column_names import column_names
from engines.parsing.worker.pages.tables.table import Table, TableRow
from engines.parsing.worker.pages.tables.table_lines import TableLine, can_name_columns, is_units
from engines.parsing.worker.pages.tables.table_sections import Sections
from engines.parsing.worker.pages.tables.values import cell_text

_CONTINUES = re.compile(r"(?:[,–—&/(-]|\b(?:and|or|of|to|the|in|on|for|from|by|with|at|a|an|und|et|de|y))$", re.I)
_CLOSE = 0.75
"""Maximum gap between two lines of one label, in line heights."""
_AS_ROWS = 1.1
"""Maximum ratio of the gap between two lines of one label to the gap between rows."""
_SPACED, _CLOSER = 0.2, 0.6
"""Gap between rows, in line heights, above which the lines of one label are closer to each other than rows are.

The second number is the maximum gap between the lines of a label in such a table, as a share of the gap between rows.
"""
_WIDE = 0.8
"""Minimum width of a line that can be the first part of a longer label, as a share of the width of the label column."""


class RowReader:
    """Converts the lines of a table of numbers to rows.

    `bands` are the ranges of its columns, `first` is the index of the first band with values, and `rulings` are the drawn
    lines of the page.
    """

    def __init__(self, bands: Sequence[Band], first: int, rulings: Sequence[Ruling]) -> None:
        self._bands = list(bands)
        self._first = first
        self._rulings = rulings
        self._tables: list[Table] = []
        self._sections = Sections()
        self._label: list[Line] = []
        self._row_gap = 0.0

    def read(self, rows: Sequence[TableLine], data: Set[int]) -> list[Table]:
        """Return the tables that the lines contain. A header in the middle of the lines begins a new table.

        `data` contains the identities (`id`) of the lines in `rows` that have values in the bands.
        """
        pairs = [(before, row) for before, row in pairwise(rows) if id(before) in data and id(row) in data]
        self._row_gap = median(before.gap_to(row) for before, row in pairs) if pairs else 0.0
        position = 0
        for is_data, group in groupby(rows, key=lambda row: id(row) in data):
            lines = list(group)
            after = rows[position + len(lines)] if position + len(lines) < len(rows) else None
            if is_data:
                self._add_data(lines)
            else:
                self._add_others(lines, after)
            position += len(lines)
        for line in self._label:
            self._sections.add(line)
        self._sections.clear()
        self._keep_titles()
        return self._tables

    @property
    def _max_gap(self) -> float:
        """Maximum gap between two lines of one label, in line heights: about the gap between rows, but at least `_CLOSE`."""
        return max(_CLOSE, _AS_ROWS * self._row_gap)

    @property
    def _table(self) -> Table:
        if not self._tables:
            self._begin([], [])
        return self._tables[-1]

    def _begin(self, header: Sequence[TableLine], captions: Sequence[TableLine]) -> None:
        self._sections.clear()
        self._keep_titles()
        names, unit = column_names(header, self._bands, self._first, self._rulings)
        lines = [row.line for row in header]
        self._tables.append(Table(names, [], self._bands, lines, [row.line for row in captions], unit))

    def _keep_titles(self) -> None:
        """Add each section title that was not followed by a row as a row of its own, so that its text is not lost."""
        for lines in self._sections.unused():
            text = " ".join(line.text for line in lines)
            self._table.rows.append(TableRow([text, *[""] * (len(self._bands) - 1)], lines))

    def _add_data(self, rows: Sequence[TableLine]) -> None:
        for row in rows:
            cells, lines = self._cells_of(row), [row.line]
            has_label = any(cells[: self._first]) or self._first == 0
            before = self._table.rows[-1] if self._table.rows else None
            if self._label:
                label = " ".join(line.text for line in self._label)
                cells[0] = f"{label} {cells[0]}".strip()
                lines = [*self._label, *lines]
            elif (
                not has_label
                and before
                and not any(before.cells[self._first :])
                and before.lines[-1].bottom <= row.line.bottom
            ):
                before.cells = [f"{one} {other}".strip() for one, other in zip(before.cells, cells, strict=True)]
                before.lines.append(row.line)
                continue
            self._label = []
            left = lines[0].left if has_label or len(lines) > 1 else None
            sections = self._sections.of_row(cells[0], left)
            self._keep_titles()
            self._table.rows.append(TableRow(cells, lines, sections))

    def _cells_of(self, row: TableLine) -> list[str]:
        texts: list[list[str]] = [[] for _ in self._bands]
        for cell in row.cells:
            texts[self._nearest(cell)].append(cell_text(cell))
        return [" ".join(each) for each in texts]

    def _nearest(self, cell: Cell) -> int:
        return max(range(len(self._bands)), key=lambda index: self._bands[index].overlap(cell.left, cell.right))

    def _add_others(self, rows: Sequence[TableLine], after: TableLine | None) -> None:
        """Add the lines between two lines with values: a header, section titles, and parts of labels.

        `after` is the line with values that follows them; None at the end of the table.
        """
        names = [number for number, row in enumerate(rows) if can_name_columns(row, self._bands, self._first)]
        if names and (not self._tables or self._is_new_header(rows)):
            header, begin = rows[names[0] : names[-1] + 1], names[0]
            self._add_labels(rows[:begin], header[0])
            captions = [row for row in header if row.is_units]
            self._begin([row for row in header if not row.is_units], captions)
            rows = rows[names[-1] + 1 :]
        self._add_labels(rows, after)

    def _is_new_header(self, rows: Sequence[TableLine]) -> bool:
        """Return True if one of the lines without values is a new header: it names half of the columns and is not a row."""
        values = self._bands[self._first :]
        for row in rows:
            cells = row.cells_over(values)
            labels = [cell for cell in row.cells if cell not in cells]
            is_row = any(
                not (is_units(cell.text) or mentions_period(cell.text) or cell.text[0] == "(") for cell in labels
            )
            is_bold = row.line.is_bold and not any(
                line.is_bold for each in self._table.rows[-1:] for line in each.lines
            )
            if is_row and not is_bold:
                continue
            if len(cells) >= max(2, len(values) / 2) or (len(values) == 1 and cells and mentions_period(cells[0].text)):
                return True
        return False

    def _add_labels(self, rows: Sequence[TableLine], after: TableLine | None) -> None:
        for number, row in enumerate(rows):
            following = rows[number + 1] if number + 1 < len(rows) else after
            if len(row.cells) > 1 or (self._first > 0 and row.line.left >= self._bands[self._first].left):
                self._add_text_row(row)
            elif self._label or not self._ends_label(row):
                self._add_label(row, following)

    def _add_text_row(self, row: TableLine) -> None:
        """Add a line without values: as the rest of the row before, as a section title, or as a row of its own."""
        cells = self._cells_of(row)
        before = self._table.rows[-1] if self._table.rows else None
        is_rest = (
            not cells[0] and before is not None and row.line.top - before.lines[-1].bottom < _CLOSE * row.line.height
        )
        if len(row.cells) == 1 and row.line.left >= self._bands[self._first].left and not is_rest:
            self._sections.add(row.line)
            self._keep_titles()
        elif is_rest and before is not None:
            before.cells = [f"{one} {other}".strip() for one, other in zip(before.cells, cells, strict=True)]
            before.lines.append(row.line)
        else:
            self._table.rows.append(TableRow(cells, [row.line], self._sections.of_row(cells[0], row.line.left)))

    def _ends_label(self, row: TableLine) -> bool:
        """Append the line to the label of the row before if it continues that label; return True if it does."""
        before = self._table.rows[-1] if self._table.rows else None
        if before is None or row.line.top - before.lines[-1].bottom > self._max_gap * row.line.height:
            return False
        text, label = row.line.text, before.cells[0]
        is_open = bool(_CONTINUES.search(label)) or label.count("(") > label.count(")")
        if not label or not (text[:1].islower() or is_open) or text.endswith(":"):
            return False
        before.cells[0] = f"{label} {text}"
        before.lines.append(row.line)
        return True

    def _add_label(self, row: TableLine, after: TableLine | None) -> None:
        """Store a line as the first part of the next row's label, or add it as a section title.

        `after` is the line that follows it; None at the end of the table.
        """
        if after is not None and self._continues_in(row, after):
            self._label.append(row.line)
            return
        for line in self._label:
            self._sections.add(line)
        self._label = []
        self._sections.add(row.line)
        self._keep_titles()

    def _continues_in(self, row: TableLine, after: TableLine) -> bool:
        text, following = row.line.text, after.cells[0]
        if row.gap_to(after) > self._max_gap or text.endswith(":"):
            return False
        is_close = row.gap_to(after) <= _CLOSE
        if is_close and self._first > 0 and following.left >= self._bands[self._first].left:
            return True
        is_open = bool(_CONTINUES.search(text)) or text.count("(") > text.count(")")
        if is_open or following.text[:1].islower():
            return True
        begin = self._bands[0].left
        if not is_close or (self._row_gap > _SPACED and row.gap_to(after) > _CLOSER * self._row_gap):
            return False
        is_wide = row.line.right - begin > _WIDE * (self._bands[max(0, self._first - 1)].right - begin)
        return is_wide and following.left > row.line.left + 0.3 * row.line.height and not row.line.is_bold
