"""Excel workbooks, read row by row with openpyxl's streaming reader. docling would load every cell into memory."""

import warnings
import zipfile
from collections.abc import Generator, Iterator
from datetime import date, datetime, time
from itertools import chain, groupby, islice
from typing import Any, BinaryIO

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.blocks.table_rows import can_be_header, table_blocks
from engines.parsing.worker.markup.office_properties import core_properties
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.zip_archives import check_archive

_IMAGE_FOLDER = "xl/media/"
_BATCH_ROWS = 64
_NUMBER_FORMAT = ".15g"
"""Format with the 15 significant digits that Excel stores. More digits would show binary rounding errors."""
Row = tuple[str, ...]


def read(context: ParseContext) -> Iterator[Block]:
    """Yield a heading for each sheet and a line for each row. Empty sheets add a warning."""
    check_archive(context.path, context.limits)
    context.properties.update(core_properties(context.path))
    context.title = context.properties.get("title")
    with zipfile.ZipFile(context.path) as archive:
        context.pictures = sum(name.startswith(_IMAGE_FOLDER) for name in archive.namelist())
    context.tables = 0

    with context.path.open("rb") as file:
        yield from _workbook_blocks(_open_workbook(file).worksheets, context)


def _workbook_blocks(sheets: list[Any], context: ParseContext) -> Iterator[Block]:
    empty = []
    for number, sheet in enumerate(sheets, 1):
        blocks = _sheet_blocks(sheet, context)
        if first := next(blocks, None):
            yield Block(BlockKind.HEADING, one_line(sheet.title) or f"Sheet {number}", level=1)
            yield from chain([first], blocks)
        else:
            empty.append(number)
        context.fraction = number / len(sheets)
    context.warn_of_parts(empty, len(sheets), "sheets", "are empty")


def _open_workbook(file: BinaryIO) -> Any:
    """Open a workbook from an open file, which must stay open. Given a path, openpyxl would insist on its extension."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(file, read_only=True, keep_vba=False, data_only=True, keep_links=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader.read()
    return reader.wb


def _sheet_blocks(sheet: Any, context: ParseContext) -> Iterator[Block]:
    """Yield the tables of a sheet. An empty row ends a table; the next table may continue with the same header."""
    header: Row = ()
    for filled, rows in groupby(_rows(sheet, context), key=any):
        if filled:
            header = yield from _table_blocks(rows, header, context)


def _table_blocks(rows: Iterator[Row], header: Row, context: ParseContext) -> Generator[Block, None, Row]:
    """Yield the rows of a table and return its header.

    Rows with a single cell above the table become paragraphs. A table without a header of its own continues with `header`.
    """
    for first in rows:
        if sum(map(bool, first)) > 1:
            break
        yield Block(BlockKind.PARAGRAPH, "".join(first))
    else:
        return header
    context.tables = (context.tables or 0) + 1
    if can_be_header(first):
        yield from table_blocks(first, rows)
        return first
    yield from table_blocks(header, chain([first], rows))
    return header


def _rows(sheet: Any, context: ParseContext) -> Iterator[Row]:
    sheet.reset_dimensions()
    rows = sheet.iter_rows()
    while batch := _next_batch(rows):
        for cells in batch:
            row = tuple(_cell_text(cell) for cell in cells)
            context.count_cells(sum(map(bool, row)))
            yield row


def _next_batch(rows: Iterator[Any]) -> list[Any]:
    """Return the next rows. openpyxl's warnings are suppressed, because their text may quote cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(islice(rows, _BATCH_ROWS))


def _cell_text(cell: Any) -> str:
    """Return a cell's value as Excel shows it, with dates in ISO 8601."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        is_share = "%" in (cell.number_format or "")
        if is_share:
            return f"{value * 100:{_NUMBER_FORMAT}}%"
        return f"{value:{_NUMBER_FORMAT}}" if value % 1 else str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else one_line(str(value))
