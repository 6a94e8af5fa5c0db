"""Tables of Word documents, with merged cells and nested tables. Tables that are only used for layout are detected."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engines.parsing.worker.blocks.block import Block, is_heading
from engines.parsing.worker.blocks.cell_tables import TableCell, cell_table_blocks, cell_text
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import attribute, child, is_on, value
from engines.parsing.worker.office.word_styles import Styles
from engines.parsing.worker.parse_context import ParseContext

_MAX_CELL_CHARACTERS = 1500
"""Maximum length, in characters, of a cell in a table without header rows. A longer cell shows a table used for layout."""
_CONTAINERS = frozenset({"sdt", "sdtContent", "customXml", "ins", "moveTo"})
_NO_FILL = ("", "auto", "ffffff")


@dataclass(slots=True)
class _Cell:
    """A cell of a table. `rows` includes the rows of the cells below that are merged into it."""

    blocks: list[Block]
    columns: int
    is_emphasized: bool
    rows: int = 1


@dataclass(slots=True)
class _Row:
    cells: list[_Cell | int] = field(default_factory=list)
    "The cells of the row. A cell that is merged into a cell above is given by the number of its columns."
    is_header: bool = False


class WordTable:
    """Converts a table to blocks. `inside` returns the blocks of a cell's element."""

    def __init__(self, element: Any, styles: Styles, inside: Callable[[Any], Iterator[Block]]) -> None:
        self._element = element
        self._inside = inside
        properties = child(element, "tblPr")
        style = styles.table(value(properties, "tblStyle"))
        look = child(properties, "tblLook")
        self._has_header_row = style.has_header_row and _looks(look, "firstRow", 0x0020)
        self._has_header_column = style.has_header_column and _looks(look, "firstColumn", 0x0080)

    def blocks(self, context: ParseContext) -> Iterator[Block]:
        """Yield the rows of the table. If the table is only used for layout, yield the blocks in its cells instead."""
        rows = self._rows()
        if _arranges_text(rows):
            context.tables = (context.tables or 1) - 1
            yield from (block for row in rows for cell in row.cells if isinstance(cell, _Cell) for block in cell.blocks)
            return
        marked = next((number for number, row in enumerate(rows) if not row.is_header), len(rows))
        cells = [[_table_cell(cell) for cell in row.cells if isinstance(cell, _Cell)] for row in rows]
        yield from cell_table_blocks(cells, marked if marked < len(rows) else 0, context)

    def _rows(self) -> list[_Row]:
        rows: list[_Row] = []
        open_cells: dict[int, _Cell] = {}
        for element in _unwrapped(self._element, "tr"):
            properties = child(element, "trPr")
            if child(properties, "del") is not None:
                continue
            row = _Row(is_header=is_on(child(properties, "tblHeader")))
            open_cells = self._add_cells(element, properties, row, open_cells, len(rows))
            rows.append(row)
        return rows

    def _add_cells(
        self, element: Any, properties: Any, row: _Row, above: dict[int, _Cell], number: int
    ) -> dict[int, _Cell]:
        """Add the cells of a row to `row`. Return the vertically merged cells that the next row can continue, by column.

        `above` are the cells that this row can continue. `number` is the index of the row.
        """
        column = _skip(properties, "gridBefore", row)
        still_open: dict[int, _Cell] = {}
        for each in _unwrapped(element, "tc"):
            stated = child(each, "tcPr")
            columns = _number(value(stated, "gridSpan"))
            merge = child(stated, "vMerge")
            origin = above.get(column)
            if merge is not None and attribute(merge, "val") != "restart" and origin:
                origin.rows += 1
                still_open[column] = origin
                row.cells.append(columns)
            else:
                cell = _Cell(list(self._inside(each)), columns, self._is_emphasized(each, number, column))
                row.cells.append(cell)
                if merge is not None:
                    still_open[column] = cell
            column += columns
        return still_open

    def _is_emphasized(self, cell: Any, row: int, column: int) -> bool:
        if (row == 0 and self._has_header_row) or (column == 0 and self._has_header_column):
            return True
        fill = attribute(shading, "fill").lower() if (shading := child(cell, "tcPr", "shd")) is not None else ""
        if fill not in _NO_FILL:
            return True
        runs = [
            run
            for run in cell.iter()
            if local_name(run) == "r" and any(local_name(text) == "t" and (text.text or "").strip() for text in run)
        ]
        return bool(runs) and all(is_on(child(run, "rPr", "b")) for run in runs)


def _looks(look: Any, name: str, bit: int) -> bool:
    """Return an option of a table's `tblLook`, from the attribute `name` or, in older files, from a bit of its value."""
    if look is None:
        return False
    stated = attribute(look, name)
    if stated:
        return stated in ("1", "true", "on")
    try:
        return bool(int(attribute(look, "val") or "0", 16) & bit)
    except ValueError:
        return False


def _skip(properties: Any, name: str, row: _Row) -> int:
    columns = value(properties, name)
    if columns.isdigit() and 0 < int(columns) < 64:
        row.cells.append(_Cell([], int(columns), False))
        return int(columns)
    return 0


def _number(text: str) -> int:
    return max(1, int(text)) if text.isdigit() and len(text) < 5 else 1


def _unwrapped(element: Any, name: str) -> Iterator[Any]:
    """Yield the children with the local name `name`, including those inside of content controls and revisions."""
    for each in element:
        if local_name(each) == name:
            yield each
        elif local_name(each) in _CONTAINERS:
            yield from _unwrapped(each, name)


def _arranges_text(rows: list[_Row]) -> bool:
    """Return True for a table that is used for layout: it has one column, or a cell with a heading or very long text."""
    cells = [cell for row in rows for cell in row.cells if isinstance(cell, _Cell)]
    if any(is_heading(block) for cell in cells for block in cell.blocks):
        return True
    if all(len(row.cells) == 1 for row in rows):
        return True
    return any(sum(len(block.text) for block in cell.blocks) > _MAX_CELL_CHARACTERS for cell in cells) and not any(
        row.is_header for row in rows
    )


def _table_cell(cell: _Cell) -> TableCell:
    return TableCell(cell_text(cell.blocks), cell.columns, cell.rows, cell.is_emphasized)
