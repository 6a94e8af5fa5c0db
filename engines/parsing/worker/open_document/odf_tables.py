"""Tables of OpenDocument files."""

from collections.abc import Callable, Iterator
from typing import Any

from engines.parsing.worker.blocks.block import Block, is_heading
from engines.parsing.worker.blocks.cell_tables import TableCell, cell_table_blocks, cell_text
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import attribute
from engines.parsing.worker.open_document.odf_styles import OdfStyles
from engines.parsing.worker.parse_context import ParseContext

_MAX_CELL_CHARACTERS = 1500
"""Maximum length, in characters, of a cell in a table without header rows. A longer cell shows a table used for layout."""
_MAX_REPEATED = 200
_GROUPS = frozenset({"table-rows", "table-row-group", "table-header-rows"})


def table_blocks(
    table: Any, inside: Callable[[Any], Iterator[Block]], styles: OdfStyles, context: ParseContext
) -> Iterator[Block]:
    """Yield the rows of a table. If the table is only used for layout, yield the blocks in its cells instead.

    `inside` returns the blocks of a cell's element.
    """
    rows, marked = list[list[tuple[TableCell, list[Block]]]](), 0
    for row, is_header in _rows(table):
        cells = [cell for element in row for cell in _cells(element, inside, styles)]
        marked += is_header and marked == len(rows)
        rows += [cells] * (_repeated(row, "rows") if any(cell.text for cell, _ in cells) else 1)
    blocks = [block for row in rows for _, found in row for block in found]
    widths = {sum(cell.columns for cell, _ in row) for row in rows}
    if widths <= {0, 1} or any(map(is_heading, blocks)) or (not marked and _has_prose(rows)):
        yield from blocks
        return
    context.tables = (context.tables or 0) + 1
    yield from cell_table_blocks(
        [[cell for cell, _ in row] for row in rows], marked if marked < len(rows) else 0, context
    )


def _has_prose(rows: list[list[tuple[TableCell, list[Block]]]]) -> bool:
    return any(len(cell.text) > _MAX_CELL_CHARACTERS for row in rows for cell, _ in row)


def _rows(group: Any, is_header: bool = False) -> Iterator[tuple[Any, bool]]:
    for each in group:
        if local_name(each) == "table-row":
            yield each, is_header
        elif local_name(each) in _GROUPS:
            yield from _rows(each, is_header or local_name(each) == "table-header-rows")


def _cells(
    element: Any, inside: Callable[[Any], Iterator[Block]], styles: OdfStyles
) -> Iterator[tuple[TableCell, list[Block]]]:
    """Yield a cell and its blocks, as often as the file repeats the cell.

    Yield nothing for the element of a position that a merged cell covers.
    """
    if local_name(element) != "table-cell":
        return
    blocks = list(inside(element))
    text = cell_text(blocks)
    paragraphs = [each for each in element.iter() if local_name(each) in ("p", "h")]
    is_emphasized = bool(text) and all(_is_emphasized(each, styles) for each in paragraphs)
    columns, rows = _span(element, "number-columns-spanned"), _span(element, "number-rows-spanned")
    for _ in range(_repeated(element, "columns")):
        yield TableCell(text, columns, rows, is_emphasized), blocks


def _is_emphasized(paragraph: Any, styles: OdfStyles) -> bool:
    style = attribute(paragraph, "style-name")
    if "table heading" in styles.names(style) or styles.is_bold(style):
        return True
    words = (paragraph.text or "").strip() or any((each.tail or "").strip() for each in paragraph)
    return (
        not words and bool(len(paragraph)) and all(styles.is_bold(attribute(each, "style-name")) for each in paragraph)
    )


def _repeated(element: Any, name: str) -> int:
    stated = attribute(element, f"number-{name}-repeated")
    return min(_MAX_REPEATED, int(stated)) if stated.isdigit() and len(stated) < 9 and int(stated) else 1


def _span(element: Any, name: str) -> int:
    stated = attribute(element, name)
    return int(stated) if stated.isdigit() and len(stated) < 6 and int(stated) else 1
