"""The rows of an Excel worksheet (OOXML), read incrementally. Only the current row is in memory."""

import re
from collections.abc import Iterator
from typing import IO, Any

from openpyxl.formula.translate import Translator, TranslatorError

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.table_rows import CellText
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.sheets.merged_cells import CellRange, MergedCells, column_index, parse_range
from engines.parsing.worker.sheets.number_formats import GENERAL, number_text, text_by_format
from engines.parsing.worker.sheets.sheet import Sheet
from engines.parsing.worker.sheets.workbook_parts import CellStyle, WorkbookParts, rich_text

_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Za-z0-9:$]+)[\"']")
_BLOCK_BYTES = 1024 * 1024
_LONGEST_ELEMENT = 256
_MAX_COLUMNS = 16_384
_MAX_MERGED = 100_000
_PLAIN = CellStyle(GENERAL, False)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def merged_ranges(part: IO[bytes]) -> list[CellRange]:
    """Return the merged cells of a worksheet.

    The file lists them after all rows, so the worksheet is read once to find them before its rows are read.
    """
    ranges: list[CellRange] = []
    before = b""
    while block := part.read(_BLOCK_BYTES):
        text = before + block
        end = 0
        for match in _MERGED.finditer(text):
            end = match.end()
            if len(ranges) < _MAX_MERGED and (area := parse_range(match[1].decode())):
                ranges.append(area)
        before = text[max(end, len(text) - _LONGEST_ELEMENT) :]
    return ranges


class WorksheetRows:
    """Converts the rows of a worksheet to texts. Counts hidden rows and columns, and formulas without a stored result."""

    def __init__(self, parts: WorkbookParts, sheet: Sheet) -> None:
        self._parts = parts
        self._sheet = sheet
        self._shared: dict[str, tuple[str, str]] = {}
        self._hidden: list[range] = []
        self._hidden_used: set[int] = set()
        self.page_texts: list[str] = []
        "Headers and footers of the printed pages; complete when the rows have been read."

    def rows(self, part: IO[bytes], merged: list[CellRange]) -> Iterator[list[str]]:
        """Yield the texts of the cells of each row. One empty row stands for any number of missing rows.

        `part` is the open worksheet, and `merged` are its merged cells.
        """
        from lxml import etree

        covering, expected = MergedCells(merged), 0
        tags = ("{*}row", "{*}col", "{*}headerFooter")
        for _, element in etree.iterparse(part, tag=tags, resolve_entities=False, no_network=True):
            name = local_name(element)
            if name == "col":
                self._hidden += _hidden_columns(element)
            elif name == "headerFooter":
                self.page_texts = [one_line(child.text or "") for child in element if child.text]
            else:
                number = _row_index(element, expected)
                if number > expected:
                    yield []
                row = self._cells(element, number)
                self._sheet.hidden_rows += bool(any(row) and _is_true(element.get("hidden")))
                self._count_hidden(row)
                yield covering.fill(number, row)
                expected = number + 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]

    def _count_hidden(self, row: list[str]) -> None:
        """Update the sheet's count of hidden columns that contain text, by one more row."""
        for hidden in self._hidden:
            self._hidden_used.update(column for column in hidden[: len(row)] if column < len(row) and row[column])
        self._sheet.hidden_columns = len(self._hidden_used)

    def _cells(self, element: Any, number: int) -> list[str]:
        row: list[str] = []
        for cell in element:
            if local_name(cell) != "c":
                continue
            letters = cell.get("r", "").rstrip("0123456789")
            column = column_index(letters) if letters.isalpha() and letters.isupper() else len(row)
            text = self._text(cell, number, column) if column < _MAX_COLUMNS else ""
            if text:
                row.extend([""] * (column + 1 - len(row)))
                row[column] = text
        return row

    def _text(self, cell: Any, number: int, column: int) -> str:
        index = cell.get("s", "")
        styles = self._parts.styles
        style = styles[int(index)] if index.isdigit() and int(index) < len(styles) else _PLAIN
        kind, value, formula, inline = cell.get("t", "n"), None, None, None
        for child in cell:
            match child.tag.rpartition("}")[2]:
                case "v":
                    value = child.text or ""
                case "f":
                    formula = child
                case "is":
                    inline = child
        text = self._value_text(kind, value or "", style.code) if inline is None else _unescaped(rich_text(inline))
        if formula is not None and not text and not (kind == "str" and value is not None):
            text = self._formula_text(formula, f"{_letters(column)}{number + 1}")
        return CellText(text, is_bold=True) if text and style.is_bold else text

    def _value_text(self, kind: str, value: str, code: str) -> str:
        if kind == "s":
            strings = self._parts.strings
            found = strings[int(value)] if value.isdigit() and int(value) < len(strings) else ""
            return text_by_format(_unescaped(found), code) if found else ""
        if kind == "b" and value:
            return "FALSE" if value in ("0", "false") else "TRUE"
        if kind != "n" or not value:
            return _unescaped(value)
        try:
            return number_text(float(value), code, self._parts.date1904)
        except ValueError:
            return value

    def _formula_text(self, formula: Any, place: str) -> str:
        """Return the formula of a cell without a stored result, such as `=A1+B1`. `place` is the reference of the cell.

        A shared formula is stored in its first cell only. Its references are shifted for the other cells.
        """
        text, shared = formula.text or "", formula.get("si", "")
        if formula.get("t") == "shared" and text:
            self._shared[shared] = (text, place)
        elif formula.get("t") == "shared" and shared in self._shared:
            text = _moved(*self._shared[shared], place)
        if not text:
            return ""
        self._sheet.formulas += 1
        return f"={one_line(text)}"


def _moved(formula: str, origin: str, place: str) -> str:
    try:
        return str(Translator(f"={formula}", origin=origin).translate_formula(place)).removeprefix("=")
    except (TranslatorError, ValueError, IndexError):
        return formula


def _letters(column: int) -> str:
    letters = ""
    while column >= 0:
        letters = chr(65 + column % 26) + letters
        column = column // 26 - 1
    return letters


def _unescaped(text: str) -> str:
    """Return a text in which escapes such as `_x000D_` are replaced by their characters."""
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def _row_index(element: Any, expected: int) -> int:
    """Return the index of a row, counted from 0. If the row states no valid number, return `expected`."""
    number = element.get("r", "")
    return max(expected, int(number) - 1) if number.isdigit() and len(number) < 9 else expected


def _is_true(value: str | None) -> bool:
    return value in ("1", "true")


def _hidden_columns(element: Any) -> list[range]:
    first, last = element.get("min", ""), element.get("max", "")
    if not _is_true(element.get("hidden")) or not (first.isdigit() and last.isdigit()):
        return []
    return [range(int(first) - 1, min(int(last), _MAX_COLUMNS))]
