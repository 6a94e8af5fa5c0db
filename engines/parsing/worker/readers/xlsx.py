"""Excel, row by row with openpyxl's streaming reader: docling would hold every cell in memory."""

import warnings
import zipfile
from collections.abc import Generator, Iterator
from datetime import date, datetime, time
from itertools import chain, groupby, islice
from typing import Any, BinaryIO

from engines.parsing.archives import check_archive
from engines.parsing.cleaning import one_line
from engines.parsing.worker.block import Block, BlockKind
from engines.parsing.worker.office import core_properties
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.tables import names_columns, table_blocks

_PICTURES = "xl/media/"
_ROWS_AT_ONCE = 64
_DIGITS = ".15g"
"""As many as a cell has; more would show how the machine rounds."""
Row = tuple[str, ...]


def read(reading: Reading) -> Iterator[Block]:
    check_archive(reading.path, reading.limits)
    reading.properties.update(core_properties(reading.path))
    reading.title = reading.properties.get("title")
    with zipfile.ZipFile(reading.path) as archive:
        reading.pictures = sum(name.startswith(_PICTURES) for name in archive.namelist())
    reading.tables = 0

    with reading.path.open("rb") as file:
        yield from _sheets(_workbook(file).worksheets, reading)


def _sheets(sheets: list[Any], reading: Reading) -> Iterator[Block]:
    empty = []
    for number, sheet in enumerate(sheets, 1):
        blocks = _sheet_blocks(sheet, reading)
        if first := next(blocks, None):
            yield Block(BlockKind.HEADING, one_line(sheet.title) or f"Sheet {number}", level=1)
            yield from chain([first], blocks)
        else:
            empty.append(number)
        reading.fraction = number / len(sheets)
    reading.note_missing(empty, len(sheets), "sheets", "are empty")


def _workbook(file: BinaryIO) -> Any:
    """From the open file: by its path, openpyxl would want it to be called .xlsx. It is read while it is open."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(file, read_only=True, keep_vba=False, data_only=True, keep_links=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader.read()
    return reader.wb


def _sheet_blocks(sheet: Any, reading: Reading) -> Iterator[Block]:
    """Rows without a cell end a table; the next one may go on under the same header."""
    header: Row = ()
    for filled, rows in groupby(_rows(sheet, reading), key=any):
        if filled:
            header = yield from _table(rows, header, reading)


def _table(rows: Iterator[Row], header: Row, reading: Reading) -> Generator[Block, None, Row]:
    """Rows of one cell above the first wider one stand for themselves. Gives the header that holds from here on."""
    for first in rows:
        if sum(map(bool, first)) > 1:
            break
        yield Block(BlockKind.PARAGRAPH, "".join(first))
    else:
        return header
    reading.tables = (reading.tables or 0) + 1
    if names_columns(first):
        yield from table_blocks(first, rows)
        return first
    yield from table_blocks(header, chain([first], rows))
    return header


def _rows(sheet: Any, reading: Reading) -> Iterator[Row]:
    """openpyxl warns of what it does not know, and would quote cells."""
    sheet.reset_dimensions()
    rows = sheet.iter_rows()
    while batch := _batch(rows):
        for cells in batch:
            row = tuple(_text(cell) for cell in cells)
            reading.count_cells(sum(map(bool, row)))
            yield row


def _batch(rows: Iterator[Any]) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(islice(rows, _ROWS_AT_ONCE))


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        is_share = "%" in (cell.number_format or "")
        return f"{value * 100:{_DIGITS}}%" if is_share else f"{value:{_DIGITS}}" if value % 1 else str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else one_line(str(value))
