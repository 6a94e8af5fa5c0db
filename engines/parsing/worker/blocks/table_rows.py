"""Conversion of table rows to text: each row becomes a line with its column names: `Part: Bolt A, Torque: 35 Nm`.

Because a row contains its column names, search finds it by a question about one cell, and a reader understands it when it is
cited alone.
"""

from collections.abc import Iterable, Iterator, Sequence

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from records.document import BoundingBox


class CellText(str):
    """The text of a cell with its properties. A plain string stands for a cell for which all properties are False."""

    __slots__ = ("from_above", "is_bold", "is_covered")

    is_bold: bool
    is_covered: bool
    "True for a repetition of a merged cell's text: in any row or column that it covers, except at its top left corner."
    from_above: bool
    "True for the text of a merged cell that begins in a row above."

    def __new__(
        cls, text: str, *, is_bold: bool = False, is_covered: bool = False, from_above: bool = False
    ) -> "CellText":
        cell = super().__new__(cls, text)
        cell.is_bold, cell.is_covered, cell.from_above = is_bold, is_covered, from_above
        return cell


def is_bold(cell: str) -> bool:
    return isinstance(cell, CellText) and cell.is_bold


def is_covered(cell: str) -> bool:
    return isinstance(cell, CellText) and cell.is_covered


def is_from_above(cell: str) -> bool:
    return isinstance(cell, CellText) and cell.from_above


def row_text(header: Sequence[str], cells: Sequence[str]) -> str:
    """Return the text of a row: each cell after its column name, or alone if its column has no name. Omit empty cells."""
    parts = []
    for column, cell in enumerate(cells):
        if value := one_line(cell):
            name = one_line(header[column]) if column < len(header) else ""
            parts.append(f"{name.rstrip(':')}: {value}" if name and name != value else value)
    return ", ".join(parts)


def can_be_header(row: Sequence[str]) -> bool:
    """Return True if a row can contain column names: no cell is a number and no text occurs twice."""
    names = [cell for cell in row if cell.strip()]
    return bool(names) and not any(_is_number(name) for name in names) and len(set(names)) == len(names)


def _is_number(cell: str) -> bool:
    return cell.strip().strip("$€£%+-").replace(",", "").replace(".", "").isdigit()


def table_blocks(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    page: int | None = None,
    box: BoundingBox | None = None,
) -> Iterator[Block]:
    """Yield a block for each row of a table. If no row has text, yield one block with the column names (`header`)."""
    names = tuple(one_line(name) for name in header)
    separator = Separator.BLANK_LINE
    for cells in rows:
        if text := row_text(names, cells):
            yield Block(BlockKind.TABLE_ROW, text, page=page, box=box, header=names, separator=separator)
            separator = Separator.NEWLINE
    if separator is Separator.BLANK_LINE and any(names):
        yield Block(BlockKind.TABLE_ROW, ", ".join(name for name in names if name), page=page, box=box, header=names)
