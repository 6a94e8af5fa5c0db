"""Detection of tables and text columns among the rows of a page, by cells that are aligned below each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from engines.parsing.worker.pages.page_lines import Line
from engines.parsing.worker.pages.page_rows import Row

_MIN_ROWS = 3
_MIN_COLUMN_TEXT = 28
"""Mean characters of a cell above which cells next to each other are text columns, not a table."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `cells[row][column]` is empty for a missing cell; `header` is empty for a table without one."""

    rows: list[Row]
    header: list[str]
    cells: list[list[str]]


def aligned_rows(rows: Sequence[Row], start: int) -> int:
    """Return the number of rows from `start` whose cells are aligned with those of the first; 0 for a row of one cell."""
    if not rows[start].has_cells:
        return 0
    count = 1
    while start + count < len(rows) and rows[start + count].has_cells:
        row, before = rows[start + count], rows[start + count - 1]
        is_far = row.top - before.bottom > 3 * before.height or row.top < before.top
        if is_far or _columns_of(row, rows[start].cells) is None:
            break
        count += 1
    return count


def is_table(rows: Sequence[Row]) -> bool:
    """Return True if these aligned rows are a table."""
    return len(rows) >= _MIN_ROWS and not is_text_columns(rows)


def is_text_columns(rows: Sequence[Row]) -> bool:
    """Return True if these aligned rows are two columns of prose that the file stores line by line across the page."""
    cells = [cell for row in rows for cell in row.cells]
    can_be_columns = len(rows) >= _MIN_ROWS and len(rows[0].cells) == 2
    return can_be_columns and sum(len(cell.text) for cell in cells) / len(cells) > _MIN_COLUMN_TEXT


def grid_of(rows: Sequence[Row]) -> Grid:
    """Return the rows of a table as a grid. The first row is the header if its font or its content suggests so."""
    columns = rows[0].cells
    cells = [_grid_row(row, columns) for row in rows]
    if rows[0].font == rows[1].font and not all(map(_can_be_name, cells[0])):
        return Grid(list(rows), [], cells)
    return Grid(list(rows[1:]), cells[0], cells[1:])


def _can_be_name(cell: str) -> bool:
    """Return True if the cell can be a column name although its font is that of the cells below.

    Numbers and command-line options such as `-v` cannot.
    """
    return not cell.startswith("-") and not any(map(str.isdigit, cell))


def _grid_row(row: Row, columns: Sequence[Line]) -> list[str]:
    cells = [""] * len(columns)
    for column, cell in zip(_columns_of(row, columns) or [], row.cells, strict=True):
        cells[column] = cell.text
    return cells


def _columns_of(row: Row, columns: Sequence[Line]) -> list[int] | None:
    """Return the column of each cell, or None if a cell has no column or two cells have the same one."""
    found = [_column_of(cell, columns) for cell in row.cells]
    if None in found or len(set(found)) < len(found):
        return None
    return [column for column in found if column is not None]


def _column_of(cell: Line, columns: Sequence[Line]) -> int | None:
    """Return the column that shares its left edge, right edge or centre with the cell."""
    middle = (cell.left + cell.right) / 2
    for number, column in enumerate(columns):
        aligned = (
            abs(cell.left - column.left) < column.height / 2,
            abs(cell.right - column.right) < column.height / 2,
            abs(middle - (column.left + column.right) / 2) < column.height / 2,
        )
        if any(aligned):
            return number
    return None
