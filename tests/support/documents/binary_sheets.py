"""Workbooks in the binary formats of Excel: XLS, written by xlwt, and XLSB, written record by record."""

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import xlwt

Row = Sequence[str | float]
BOATS: tuple[Row, ...] = (("Boat", "Share", "Fee"), ("Petrel", 0.125, 40), ("Gull", 0.5, 55.5))
FORMATS = ("General", "0.0%", "#,##0.00 €")
"""The number format of each column of `BOATS`."""
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BINARY_TYPE = "application/vnd.ms-excel.sheet.binary.macroEnabled.main"


def write_xls(path: Path, rows: Sequence[Row], *, merged: tuple[int, int, int, int] | None = None) -> None:
    """Write an XLS workbook. `merged` is a merged cell: its first and last row, its first and last column."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Fleet")
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            style = xlwt.easyxf(num_format_str=FORMATS[x] if x < len(FORMATS) and y else "General")
            if value != "":
                sheet.write(y, x, value, style)
    if merged:
        sheet.merge(*merged)
    hidden = book.add_sheet("Safe")
    hidden.write(0, 0, "code 7719")
    hidden.visibility = 1
    book.save(str(path))


def _record(kind: int, content: bytes = b"") -> bytes:
    number = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = bytearray(), len(content)
    while length >= 0x80:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    return number + bytes([*size, length]) + content


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _cell(column: int, value: str | float) -> bytes:
    """Return a cell. Integers are stored in 30 bits, other numbers in 64."""
    start = struct.pack("<II", column, column)
    if isinstance(value, str):
        return _record(6, start + _text(value))
    if isinstance(value, int):
        return _record(2, start + struct.pack("<i", value << 2 | 2))
    return _record(5, start + struct.pack("<d", value))


def write_xlsb(path: Path, rows: Sequence[Row], *, merged: tuple[int, int, int, int] | None = None) -> None:
    """Write an XLSB workbook with one sheet."""
    styles = b"".join(_record(44, struct.pack("<H", 164 + number) + _text(code)) for number, code in enumerate(FORMATS))
    styles += _record(617)
    styles += b"".join(
        _record(47, struct.pack("<HHH", 0, 164 + number, 0) + bytes(10)) for number in range(len(FORMATS))
    )
    styles += _record(618)
    sheet = b""
    for y, row in enumerate(rows):
        sheet += _record(0, struct.pack("<IIH", y, 0, 0) + bytes(3))
        sheet += b"".join(_cell(x, value) for x, value in enumerate(row) if value != "")
    if merged:
        sheet += _record(176, struct.pack("<IIII", *merged))
    book = _record(156, struct.pack("<II", 0, 1) + _text("rId1") + _text("Fleet"))
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONSHIPS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate((("worksheet", "sheet1.bin"), ("styles", "styles.bin")), 1)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml", f'<Types><Default Extension="bin" ContentType="{_BINARY_TYPE}"/></Types>'
        )
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", f"<Relationships>{links}</Relationships>")
        archive.writestr("xl/styles.bin", styles)
        archive.writestr("xl/sheet1.bin", sheet)
