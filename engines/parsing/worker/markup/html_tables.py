"""Tables of web pages: the grid with merged cells, the rows that hold column names, and tables that only arrange a page."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, Separator
from engines.parsing.worker.blocks.table_rows import can_be_header, table_blocks
from engines.parsing.worker.markup.html_tree import heading_level, tag

_MAX_COLUMN_SPAN = 1000
_MAX_ROW_SPAN = 65534
"""Maximum spans of the HTML standard. A row span also ends at the end of the table."""
_MAX_CELL_CHARACTERS = 1500
"""Maximum length, in characters, of a cell in a table of data without header cells.

A table with a longer cell arranges the parts of a page.
"""
_NUMBER = re.compile(r"[^\w(]*\(?[-+−]?\d[\d.,\s]*\)?\s*\D{0,4}")
_PARTS = {"thead": 0, "tbody": 1, "tfoot": 2}


@dataclass(frozen=True, slots=True)
class Cell:
    """A grid position that is covered by a `<td>` or `<th>`. A merged cell has one `Cell` for each position it covers."""

    element: Any
    is_header: bool
    is_origin: bool
    "True for the leftmost position of the element in its row."
    row: int
    "Index of the row in which the element starts, from 0."


Row = list[Cell | None]


def table_rows(table: Any) -> list[Any]:
    """Return the `<tr>` elements of a table in the order in which they are shown, without those of nested tables."""
    found = list[tuple[int, Any]]()
    for child in table:
        if tag(child) == "tr":
            found.append((1, child))
        elif tag(child) in _PARTS:
            found += ((_PARTS[tag(child)], row) for row in child if tag(row) == "tr")
    return [row for _, row in sorted(found, key=lambda each: each[0])]


def arranges_page(table: Any, rows: Sequence[Any]) -> bool:
    """Return True for a table that contains no data but arranges the parts of a page, as in old pages and newsletters."""
    if table.get("role") in ("presentation", "none"):
        return True
    cells = [cell for row in rows for cell in row if tag(cell) in ("td", "th")]
    if any(heading_level(each) for each in table.iterdescendants()):
        return True
    if any(tag(cell) == "th" for cell in cells) or table.find("caption") is not None:
        return False
    if max((sum(tag(cell) == "td" for cell in row) for row in rows), default=0) <= 1 or len(rows) <= 1:
        return True
    return any(
        cell.find(".//table") is not None or sum(map(len, cell.itertext())) > _MAX_CELL_CHARACTERS for cell in cells
    )


def grid_of(rows: Sequence[Any], count_cells: Callable[[int], None]) -> list[Row]:
    """Return the grid of a table. A merged cell is repeated at every grid position that it covers.

    `count_cells` is called before the positions of an element are added. It gets the number of columns of the element, and
    raises an error if the document has too many cells.
    """
    grid: list[Row] = []
    open_spans: dict[int, tuple[Cell, int]] = {}
    for number, row in enumerate(rows):
        places: Row = []
        spans: dict[int, tuple[Cell, int]] = {}
        for element in (cell for cell in row if tag(cell) in ("td", "th")):
            _fill_from_above(places, open_spans)
            width = _span(element, "colspan", _MAX_COLUMN_SPAN)
            height = _span(element, "rowspan", _MAX_ROW_SPAN)
            height = height or len(rows) - number
            count_cells(width)
            for column in range(width):
                cell = Cell(element, tag(element) == "th", column == 0, number)
                spans[len(places)] = (cell, height - 1)
                places.append(cell)
        while open_spans and len(places) <= max(open_spans):
            _fill_from_above(places, open_spans)
            if len(places) <= max(open_spans):
                places.append(None)
        still_open = {column: (cell, left - 1) for column, (cell, left) in open_spans.items()} | spans
        open_spans = {column: (cell, left) for column, (cell, left) in still_open.items() if left > 0}
        grid.append(places)
    width = max(map(len, grid), default=0)
    return [[*places, *[None] * (width - len(places))] for places in grid]


def _fill_from_above(places: Row, open_spans: dict[int, tuple[Cell, int]]) -> None:
    while len(places) in open_spans:
        places.append(open_spans[len(places)][0])


def _span(element: Any, name: str, limit: int) -> int:
    """Return the number of columns or rows that the attribute `name` of a cell states, at most `limit`.

    A `rowspan` of 0 is returned unchanged; it means all rows that follow.
    """
    stated = (element.get(name) or "1").strip()
    value = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 else 1
    return min(limit, value) if value or name == "rowspan" else 1


def grid_blocks(grid: Sequence[Row], in_head: int, cell_text: Callable[[Any], str]) -> Iterator[Block]:
    """Yield the rows of a table with their column names. `in_head` is the number of rows inside of `<thead>`.

    Consecutive rows of column names form one header: the names of a column are joined from top to bottom. A further header
    in the middle of the table replaces the header above for the rows below it.
    """
    texts = {id(cell.element): cell_text(cell.element) for row in grid for cell in row if cell}
    start = 0
    separator = Separator.BLANK_LINE
    while start < len(grid):
        names = _header_rows(grid, start, in_head if start == 0 else 0, texts)
        end = start + names
        while end < len(grid) and not _is_header_row(grid, end):
            end += 1
        header = [_column_name(grid[start : start + names], column, texts) for column in range(len(grid[start]))]
        rows = (_row_texts(row, any(header), texts) for row in grid[start + names : end])
        for block in table_blocks(header, rows):
            yield Block(block.kind, block.text, header=block.header, separator=separator)
            separator = Separator.NEWLINE
        start = end


def _header_rows(grid: Sequence[Row], start: int, in_head: int, texts: dict[int, str]) -> int:
    """Return the number of consecutive rows with column names, from the row `start` on."""
    count = min(in_head, len(grid))
    while start + count < len(grid) and _is_header_row(grid, start + count):
        count += 1
    if not count and start == 0:
        count = int(_first_row_has_names(grid, texts))
    return count


def _is_header_row(grid: Sequence[Row], number: int) -> bool:
    """Return True for a row of column names: it consists of several header cells that begin in it.

    One header cell over all columns counts only in the first row, if a second row of column names follows.
    """
    row = grid[number]
    origins = {id(cell.element) for cell in row if cell}
    if not origins or not all(cell.is_header for cell in row if cell and one_line("".join(cell.element.itertext()))):
        return False
    if not any(cell.is_header for cell in row if cell):
        return False
    if len(origins) > 1:
        return any(cell.row == number for cell in row if cell)
    # One cell over all columns names a section, unless a second row of names follows.
    return len(row) == 1 or (number == 0 and len(grid) > 1 and _is_header_row(grid, 1) and len(row) > 1)


def _first_row_has_names(grid: Sequence[Row], texts: dict[int, str]) -> bool:
    """Return True if a table without header cells has names in its first row: words above a column of numbers."""
    first = [texts[id(cell.element)] if cell else "" for cell in grid[0]]
    if len(grid) < 3 or not all(first) or not can_be_header(first):
        return False
    below = [[texts[id(cell.element)] if cell else "" for cell in row] for row in grid[1:]]
    return any(
        all(_NUMBER.fullmatch(row[column].strip()) for row in below if row[column]) for column in range(1, len(first))
    )


def _column_name(rows: Sequence[Row], column: int, texts: dict[int, str]) -> str:
    names = (texts[id(row[column].element)] for row in rows if row[column])  # type: ignore[union-attr]
    return " ".join(dict.fromkeys(name for name in map(one_line, names) if name))


def _row_texts(row: Row, is_named: bool, texts: dict[int, str]) -> list[str]:
    """Return the texts of a row for `table_blocks`. `is_named` is True if the table has column names.

    The text of a merged cell is repeated in each row that it covers and, with column names, in each column. A cell over the
    whole row is placed after all columns, so that it gets no column name. Without column names, a header cell at the start
    of the row is a label for the other cells.
    """
    origins = {id(cell.element) for cell in row if cell}
    if len(origins) == 1 and len(row) > 1:
        return [*[""] * len(row), *(texts[element] for element in origins)]
    cells = [texts[id(cell.element)] if cell and (cell.is_origin or is_named) else "" for cell in row]
    first = row[0] if row else None
    label = one_line(cells[0]) if cells else ""
    if is_named or not label or not (first and first.is_header) or not any(cells[1:]):
        return cells
    values = ", ".join(filter(None, map(one_line, cells[1:])))
    return [f"{label.rstrip(':')}: {values}"]
