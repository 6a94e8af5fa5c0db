"""Tables of office documents: merged cells, header rows, tables of keys and values, and titles above all columns.

A grid is the table with one cell for each row and column; a merged cell occupies several grid positions.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.cell_values import is_period, is_value
from engines.parsing.worker.blocks.key_values import header_of, key_value_lines
from engines.parsing.worker.blocks.table_rows import row_text
from engines.parsing.worker.parse_context import ParseContext

_MAX_SPAN = 1000
_QUANTITY = re.compile(r"[-+–−]?[$€£¥]?\s?\d[\d.,:/ ]*\s?[^\W\d_]{1,4}[%°²³]?")
"""A number with a unit, such as `23 m`."""
_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"[\d.]+")


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table. A merged cell covers `columns` columns and `rows` rows."""

    text: str
    columns: int = 1
    rows: int = 1
    is_emphasized: bool = False
    "True if the text is bold, or if the cell has a background."


@dataclass(frozen=True, slots=True)
class _Place:
    """A grid position: the cell that covers it, and the first row and column of this cell."""

    cell: TableCell
    row: int
    column: int


_EMPTY = TableCell("")
Grid = list[list[_Place]]


def cell_text(blocks: Iterable[Block]) -> str:
    """Return the text of a cell's blocks on one line. List items and rows of nested tables are separated by semicolons."""
    text, before = "", BlockKind.PARAGRAPH
    for block in blocks:
        if words := one_line(block.text.removeprefix("- ")):
            is_part = BlockKind.PARAGRAPH not in (before, block.kind)
            text += ("; " if is_part else " ") + words if text else words
            before = block.kind
    return text


def cell_table_blocks(
    rows: Sequence[Sequence[TableCell]], header_rows: int, context: ParseContext, *, page: int | None = None
) -> Iterator[Block]:
    """Yield a block for each row of a table. The text of a merged cell is repeated in each row and column that it covers.

    `header_rows` is the number of rows that the file marks as headers; if it is 0, the content decides. `page` is the page
    of the blocks. Raises `DocumentUnreadable` (PARSER_LIMIT) if the tables of the document have too many cells.
    """
    grid = [row for row in _grid(rows, context) if any(place.cell.text.strip() for place in row)]
    if not grid:
        return
    separator = Separator.BLANK_LINE
    for block in _grid_blocks(grid, min(header_rows, len(grid))):
        yield replace(block, page=page, separator=separator)
        separator = Separator.NEWLINE


def _grid(rows: Sequence[Sequence[TableCell]], context: ParseContext) -> Grid:
    """Return the grid of a table, in which a merged cell occupies every position that it covers."""
    grid: Grid = []
    covered: dict[tuple[int, int], _Place] = {}
    for number, cells in enumerate(rows):
        row: list[_Place] = []
        for cell in cells:
            while place := covered.pop((number, len(row)), None):
                row.append(place)
            width, height = min(cell.columns, _MAX_SPAN), min(cell.rows, len(rows) - number)
            context.count_cells(width * height)
            origin = _Place(cell, number, len(row))
            for column in range(len(row), len(row) + width):
                covered |= {(number + down, column): origin for down in range(1, height)}
            row += [origin] * width
        while place := covered.pop((number, len(row)), None):
            row.append(place)
        grid.append(row)
    width = max(map(len, grid), default=0)
    return [
        [*row, *(_Place(_EMPTY, number, column) for column in range(len(row), width))]
        for number, row in enumerate(grid)
    ]


def _grid_blocks(grid: Grid, header_rows: int) -> Iterator[Block]:
    """Yield the titles above the columns of a table, then its rows.

    A row is written with its column names or, in a table of keys and values, as a key with its value.
    """
    start = 0
    while start + 1 < len(grid) and _is_title(grid[start]):
        yield Block(BlockKind.TABLE_ROW, one_line(grid[start][0].cell.text))
        start += 1
    rows = grid[start:]
    marked = max(0, header_rows - start)
    if not marked and (lines := _key_values(rows)):
        yield from (Block(BlockKind.TABLE_ROW, line) for line in lines)
        return
    count = _header_count(rows, marked)
    names = _column_names(rows[:count])
    if count == len(rows) and any(names):
        yield Block(BlockKind.TABLE_ROW, ", ".join(dict.fromkeys(filter(None, names))), header=names)
    for row in rows[count:]:
        if text := _row_text(names, row):
            yield Block(BlockKind.TABLE_ROW, text, header=names)


def _key_values(rows: Grid) -> list[str] | None:
    """Return the lines of a table of keys and values; None for any other table.

    A table in which a cell is merged over several columns is not one of keys and values. A key that is merged over several
    rows is repeated for each of its values.
    """
    if any(place.cell.columns > 1 for row in rows for place in row):
        return None
    emphasized = [_is_emphasized(row) for row in rows]
    firsts = [row for number, row in enumerate(rows) if not number or row[0] is not rows[number - 1][0]]
    lines = key_value_lines(
        [_texts(row) for row in firsts],
        header_is_bold=emphasized[0] and not all(emphasized),
        keys_are_bold=all(row[0].cell.is_emphasized for row in rows) and not any(emphasized),
    )
    if lines is None or len(firsts) == len(rows):
        return lines
    return [f"{key.rstrip(': ')}: {value}" for key, value in map(_texts, rows) if value] if len(rows[0]) == 2 else None


def _is_title(row: Sequence[_Place]) -> bool:
    """Return True for a row that consists of one cell, merged over all columns."""
    return len(row) > 1 and len({(place.row, place.column) for place in row}) == 1


def _texts(row: Sequence[_Place]) -> list[str]:
    return [one_line(place.cell.text) for place in row]


def _header_count(rows: Grid, marked: int) -> int:
    """Return the number of rows that contain column names.

    `marked` is the number of rows that the file marks as headers. If it is 0, the content decides.
    """
    if not rows:
        return 0
    if marked:
        return _with_second_row(rows, marked)
    if len(rows) == 1 or len(rows[0]) == 1:
        return 0
    for count in dict.fromkeys((_with_second_row(rows, 1), 1)):
        names, others = list(_column_names(rows[:count])), rows[count:]
        emphasized = [_is_emphasized(rows[0]), *map(_is_emphasized, others)]
        keys = [row[0].cell.is_emphasized for row in rows]
        if others and header_of([names, *map(_texts, others)], emphasized, keys):
            return count
    return int(_can_be_names([_texts(row) for row in rows]))


def _can_be_names(rows: Sequence[Sequence[str]]) -> bool:
    """Return True if the first row can contain column names: it has no number, and a column of numbers is below it.

    In a table of two columns, which must not be keys and values, a first row without digits is enough.
    """
    first, below = rows[0], rows[1:]
    names = [name for name in first if name]
    if (
        len(names) < len(first) - 1
        or len(set(names)) < len(names)
        or any(is_value(name) and not is_period(name) for name in names)
    ):
        return False
    if len(first) == 2:
        return len(names) == 2 and not any(map(_DIGIT.search, names))
    if len({_DIGITS.sub("", name) for name in names}) == 1 and len(names) > 1:
        return True  # Numbered names, such as `Phase 1` and `Phase 2`.
    columns = ([row[column] for row in below if row[column]] for column in range(1, len(first)))
    return any(column and all(map(_is_quantity, column)) for column in columns)


def _is_quantity(text: str) -> bool:
    return is_value(text) or bool(_QUANTITY.fullmatch(text))


def _is_emphasized(row: Sequence[_Place]) -> bool:
    filled = [place for place in row if place.cell.text.strip()]
    return bool(filled) and all(place.cell.is_emphasized for place in filled)


def _with_second_row(rows: Grid, count: int) -> int:
    """Return the number of header rows, including those that follow from the first `count`.

    A row follows if a merged cell extends into it, or if it contains the names of columns that a merged cell groups.
    """
    first = rows[:count]
    down = max(
        (
            place.row + place.cell.rows - rows[0][0].row
            for row in first
            for place in row
            if place.column or place.cell.rows < len(rows)
        ),
        default=count,
    )
    if down > count:
        return min(down, len(rows) - 1) or count
    if count > 1 or len(rows) < count + 2:
        return count
    groups = {id(place.cell) for place in rows[0] if place.cell.columns > 1}
    below = [two for one, two in zip(rows[0], rows[1], strict=False) if id(one.cell) in groups]
    texts = _texts(below)
    are_names = bool(groups) and all(texts) and all(not is_value(text) or is_period(text) for text in texts)
    return count + 1 if are_names and len({id(place.cell) for place in below}) > len(groups) else count


def _column_names(rows: Grid) -> tuple[str, ...]:
    columns = zip(*(_texts(row) for row in rows), strict=True)
    return tuple(" ".join(dict.fromkeys(filter(None, column))) for column in columns)


def _row_text(names: Sequence[str], row: Sequence[_Place]) -> str:
    if _is_title(row):
        return one_line(row[0].cell.text)
    if any(names):
        return row_text(names, _texts(row))
    return row_text((), _distinct(row))


def _distinct(row: Sequence[_Place]) -> list[str]:
    """Return the texts of a row. The text of a merged cell occurs only once."""
    return [one_line(place.cell.text) for number, place in enumerate(row) if not number or place is not row[number - 1]]
