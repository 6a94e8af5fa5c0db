"""Tables of RTF files. Each cell states its right edge and how it is merged."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from engines.parsing.worker.blocks.block import Block, is_heading
from engines.parsing.worker.blocks.cell_tables import TableCell, cell_table_blocks, cell_text
from engines.parsing.worker.parse_context import ParseContext

_SAME_EDGE = 40
"""Maximum distance between two edges that count as one, in twips (1/1440 inch)."""
_MAX_CELL_CHARACTERS = 1500
"""Maximum length, in characters, of a cell in a table without header rows. A longer cell shows a table used for layout."""


@dataclass(slots=True)
class RtfCell:
    """The definition of a cell: its right edge, and True for merges with the cell on its left, below or above it."""

    right: int
    "Right edge in twips (1/1440 inch)."
    continues_left: bool = False
    starts_below: bool = False
    continues_above: bool = False


@dataclass(slots=True)
class RtfRow:
    """A row: the definitions of its cells, the blocks in each cell, and True for each cell in bold."""

    definitions: list[RtfCell] = field(default_factory=list)
    contents: list[list[Block]] = field(default_factory=list)
    bold: list[bool] = field(default_factory=list)
    is_header: bool = False


@dataclass(slots=True)
class _Cell:
    blocks: list[Block]
    columns: int
    is_bold: bool
    rows: int = 1


def rtf_table_blocks(rows: list[RtfRow], context: ParseContext) -> Iterator[Block]:
    """Yield the rows of a table. If the table is only used for layout, yield the blocks in its cells instead."""
    blocks = [block for row in rows for content in row.contents for block in content]
    is_long = any(
        sum(len(block.text) for block in content) > _MAX_CELL_CHARACTERS for row in rows for content in row.contents
    )
    is_marked = any(row.is_header for row in rows)
    if all(len(row.contents) <= 1 for row in rows) or any(map(is_heading, blocks)) or (is_long and not is_marked):
        yield from blocks
        return
    context.tables = (context.tables or 0) + 1
    edges = _edges(rows)
    grid: list[list[_Cell]] = []
    above: dict[int, _Cell] = {}
    for row in rows:
        cells, above = _row_cells(row, edges, above)
        grid.append(cells)
    marked = next((number for number, row in enumerate(rows) if not row.is_header), len(rows))
    cells_of_rows = [[_table_cell(cell) for cell in row] for row in grid]
    yield from cell_table_blocks(cells_of_rows, marked if marked < len(rows) else 0, context)


def _edges(rows: list[RtfRow]) -> list[int]:
    """Return the distinct right edges of all cells, from left to right."""
    found: list[int] = []
    for edge in sorted({cell.right for row in rows for cell in row.definitions}):
        if not found or edge - found[-1] > _SAME_EDGE:
            found.append(edge)
    return found


def _row_cells(row: RtfRow, edges: list[int], above: dict[int, _Cell]) -> tuple[list[_Cell], dict[int, _Cell]]:
    """Return the cells of a row, and the vertically merged ones that the next row can continue, by column.

    `edges` are the right edges of the columns. `above` are the cells that this row can continue.
    """
    cells: list[_Cell] = []
    below: dict[int, _Cell] = {}
    column = 0
    for number, content in enumerate(row.contents):
        known = row.definitions[number] if number < len(row.definitions) else None
        right = (
            next((index for index, edge in enumerate(edges) if known and known.right <= edge + _SAME_EDGE), column) + 1
        )
        columns = max(1, right - column)
        if known and known.continues_left and cells:
            cells[-1].columns += columns
            cells[-1].blocks += content
        elif known and known.continues_above and column in above:
            above[column].rows += 1
            below[column] = above[column]
        else:
            cells.append(_Cell(list(content), columns, row.bold[number] if number < len(row.bold) else False))
            if known and known.starts_below:
                below[column] = cells[-1]
        column += columns
    return cells, below


def _table_cell(cell: _Cell) -> TableCell:
    return TableCell(cell_text(cell.blocks), cell.columns, cell.rows, cell.is_bold)
