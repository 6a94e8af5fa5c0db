"""Tables and columns among the rows of a page, seen by cells that stand below each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from engines.parsing.worker.pages.page import Line, Row

_FEWEST_ROWS = 3
_PROSE_CHARACTERS = 28
"""Mean length of a cell from where on side-by-side cells are columns of prose, not of a table."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of one table; `cells[row][column]` is empty where nothing stands."""

    rows: list[Row]
    header: list[str]
    cells: list[list[str]]


def table_run(rows: Sequence[Row], start: int) -> int:
    """How many rows from `start` on fit under the columns of the first."""
    if not rows[start].is_tabular:
        return 0
    count = 1
    while start + count < len(rows) and rows[start + count].is_tabular:
        row, before = rows[start + count], rows[start + count - 1]
        far = row.top - before.bottom > 3 * before.height or row.top < before.top
        if far or _columns_of(row, rows[start].cells) is None:
            break
        count += 1
    return count


def is_table(rows: Sequence[Row]) -> bool:
    return len(rows) >= _FEWEST_ROWS and not is_columns(rows)


def is_columns(rows: Sequence[Row]) -> bool:
    """Whether these are lines of text columns that the file gives line by line across the page."""
    cells = [cell for row in rows for cell in row.cells]
    long_enough = len(rows) >= _FEWEST_ROWS and len(rows[0].cells) == 2
    return long_enough and sum(len(cell.text) for cell in cells) / len(cells) > _PROSE_CHARACTERS


def grid_of(rows: Sequence[Row]) -> Grid:
    columns = rows[0].cells
    cells = [_placed(row, columns) for row in rows]
    if rows[0].font == rows[1].font and not all(map(_can_name, cells[0])):
        return Grid(list(rows), [], cells)
    return Grid(list(rows[1:]), cells[0], cells[1:])


def _can_name(cell: str) -> bool:
    """Whether it can be a column's name though it looks like the cells below: no number, no option such as `-v`."""
    return not cell.startswith("-") and not any(map(str.isdigit, cell))


def _placed(row: Row, columns: Sequence[Line]) -> list[str]:
    placed = [""] * len(columns)
    for column, cell in zip(_columns_of(row, columns) or [], row.cells, strict=True):
        placed[column] = cell.text
    return placed


def _columns_of(row: Row, columns: Sequence[Line]) -> list[int] | None:
    """The column of each cell; None where a cell stands below none, or two below the same one."""
    found = [_column_of(cell, columns) for cell in row.cells]
    if None in found or len(set(found)) < len(found):
        return None
    return [column for column in found if column is not None]


def _column_of(cell: Line, columns: Sequence[Line]) -> int | None:
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
