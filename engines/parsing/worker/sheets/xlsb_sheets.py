"""The sheets of a compact Excel workbook (XLSB), whose parts are binary records.

The records are described in [MS-XLSB], sections 2.1.4 and 2.4.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Any

from engines.parsing.worker.blocks.table_rows import CellText
from engines.parsing.worker.sheets.merged_cells import CellRange, MergedCells
from engines.parsing.worker.sheets.number_formats import GENERAL, builtin_format, number_text, text_by_format
from engines.parsing.worker.sheets.sheet import Sheet
from engines.parsing.worker.sheets.workbook_parts import CellStyle, PackageParts, no_workbook

_ROW, _MERGED, _COLUMNS = 0, 176, 60
_FIRST_CELL, _LAST_CELL, _RICH_TEXT_CELL = 1, 11, 62
_RK, _ERROR, _BOOLEAN, _REAL, _TEXT, _SHARED = 2, 3, 4, 5, 6, 7
_KINDS = {8: _TEXT, 9: _REAL, 10: _BOOLEAN, 11: _ERROR}
"""Kinds of the results of formulas, by the type of their record."""
_STRING, _FORMAT, _FONT, _STYLE = 19, 44, 43, 47
_STYLES_BEGIN, _STYLES_END = 617, 618
_WORKBOOK_PROPERTIES, _SHEET = 153, 156
_BOLD = 600
_MAX_COLUMNS = 16_384
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_WORKSHEET = "worksheet"


@dataclass(slots=True)
class _Workbook:
    """The parts of a workbook to which the cells of all sheets refer: shared strings, styles and the date system."""

    strings: list[str] = field(default_factory=list)
    styles: list[CellStyle] = field(default_factory=list)
    date1904: bool = False


def xlsb_sheets(parts: PackageParts) -> Iterator[Sheet]:
    """Yield the worksheets of a workbook. Their rows are read incrementally, so the archive must remain open."""
    main = parts.main_part("xl/workbook.bin")
    related = parts.related(main)
    paths = {relationship.kind: relationship.target for relationship in related.values()}
    book = _Workbook()
    book.strings = [
        _text_at(data, 1)[0] for kind, data in _records_of(parts, paths.get("sharedStrings", "")) if kind == _STRING
    ]
    book.styles = _styles(_records_of(parts, paths.get("styles", "")))
    if not any(kind == _SHEET for kind, _ in _records_of(parts, main)) or not related:
        raise no_workbook()
    for kind, data in _records_of(parts, main):
        if kind == _WORKBOOK_PROPERTIES:
            book.date1904 = bool(data[0] & 1)
        elif kind == _SHEET:
            identifier, end = _text_at(data, 8)
            target = related.get(identifier)
            if target and target.kind == _WORKSHEET:
                sheet = Sheet(_text_at(data, end)[0], is_hidden=data[0] != 0)
                sheet.rows = _rows(parts, target.target, book, sheet)
                yield sheet


def _records_of(parts: PackageParts, path: str) -> Iterator[tuple[int, bytes]]:
    part = parts.open(path)
    if part is not None:
        with part:
            yield from _records(part)


def _records(part: Any) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the content of each record. Stop at a record that is cut off."""
    stream = BufferedReader(part, 256 * 1024)
    while first := stream.read(1):
        kind = first[0]
        if kind & 0x80:
            kind = (kind & 0x7F) | (stream.read(1) or b"\0")[0] << 7
        size = shift = 0
        for _ in range(4):
            part_of_size = (stream.read(1) or b"\0")[0]
            size |= (part_of_size & 0x7F) << shift
            shift += 7
            if not part_of_size & 0x80:
                break
        content = stream.read(size)
        if len(content) < size:
            return
        yield kind, content


def _text_at(data: bytes, start: int) -> tuple[str, int]:
    """Return the text at `start`, which is stored after its length, and the index after its last byte.

    The text is empty for the length that marks a missing text.
    """
    [length] = struct.unpack_from("<I", data, start)
    if length == 0xFFFFFFFF:
        return "", start + 4
    end = start + 4 + 2 * length
    return data[start + 4 : end].decode("utf-16-le", errors="replace"), end


def _styles(records: Iterator[tuple[int, bytes]]) -> list[CellStyle]:
    codes: dict[int, str] = {}
    bold: list[bool] = []
    styles: list[CellStyle] = []
    is_in_cells = False
    for kind, data in records:
        if kind == _FORMAT:
            codes[int.from_bytes(data[:2], "little")] = _text_at(data, 2)[0]
        elif kind == _FONT:
            bold.append(int.from_bytes(data[4:6], "little") >= _BOLD)
        elif kind in (_STYLES_BEGIN, _STYLES_END):
            is_in_cells = kind == _STYLES_BEGIN
        elif kind == _STYLE and is_in_cells:
            number, font = struct.unpack_from("<HH", data, 2)
            styles.append(CellStyle(codes.get(number) or builtin_format(number), font < len(bold) and bold[font]))
    return styles


def _rows(parts: PackageParts, path: str, book: _Workbook, sheet: Sheet) -> Iterator[list[str]]:
    """Yield the texts of the cells of each row. One empty row stands for any number of missing rows."""
    with parts.open_sheet(path) as part:
        merged = MergedCells(_range(data) for kind, data in _records(part) if kind == _MERGED)
    hidden: list[range] = []
    used: set[int] = set()
    number, row, is_hidden, expected = -1, list[str](), False, 0
    for kind, data in _records_of(parts, path):
        if kind == _COLUMNS and data[16] & 1:
            first, last = struct.unpack_from("<II", data)
            hidden.append(range(first, min(last + 1, _MAX_COLUMNS)))
        elif kind == _ROW:
            if number >= 0:
                yield from _finished(row, number, expected, merged)
                sheet.hidden_rows += bool(is_hidden and any(row))
                expected = number + 1
            number, row, is_hidden = int.from_bytes(data[:4], "little"), [], bool(data[11] & 0x10)
        elif _FIRST_CELL < kind <= _LAST_CELL or kind == _RICH_TEXT_CELL:
            column = int.from_bytes(data[:4], "little")
            if column < _MAX_COLUMNS and (text := _cell_text(kind, data, book)):
                row.extend([""] * (column + 1 - len(row)))
                row[column] = text
                used.update([column] if any(column in columns for columns in hidden) else ())
    if number >= 0:
        yield from _finished(row, number, expected, merged)
    sheet.hidden_columns = len(used)


def _finished(row: list[str], number: int, expected: int, merged: MergedCells) -> Iterator[list[str]]:
    if number > expected:
        yield []
    yield merged.fill(number, row)


def _range(data: bytes) -> CellRange:
    top, bottom, left, right = struct.unpack_from("<IIII", data)
    return CellRange(top, left, bottom, right)


def _cell_text(kind: int, data: bytes, book: _Workbook) -> str:
    index = int.from_bytes(data[4:7], "little")
    style = book.styles[index] if index < len(book.styles) else CellStyle(GENERAL, False)
    text = _value_text(_KINDS.get(kind, kind), data[8:], style.code, book)
    return CellText(text, is_bold=True) if text and style.is_bold else text


def _value_text(kind: int, value: bytes, code: str, book: _Workbook) -> str:
    if kind == _SHARED:
        [index] = struct.unpack_from("<I", value)
        return text_by_format(book.strings[index], code) if index < len(book.strings) else ""
    if kind in (_TEXT, _RICH_TEXT_CELL):
        return text_by_format(_text_at(value, int(kind == _RICH_TEXT_CELL))[0], code)
    if kind == _BOOLEAN:
        return "TRUE" if value[0] else "FALSE"
    if kind == _ERROR:
        return _ERRORS.get(value[0], "#ERROR!")
    number = _rk_number(value) if kind == _RK else struct.unpack_from("<d", value)[0]
    return number_text(number, code, book.date1904)


def _rk_number(value: bytes) -> float:
    """Return a number of the type RkNumber: 30 bits that are an integer or the upper half of a floating point number."""
    [packed] = struct.unpack_from("<i", value)
    number = packed >> 2 if packed & 2 else struct.unpack("<d", b"\0\0\0\0" + struct.pack("<i", packed & ~3))[0]
    return number / 100 if packed & 1 else float(number)
