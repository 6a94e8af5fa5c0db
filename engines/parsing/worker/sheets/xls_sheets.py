"""The sheets of an old Excel workbook (XLS), read with xlrd."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.table_rows import CellText
from engines.parsing.worker.sheets.merged_cells import CellRange, MergedCells
from engines.parsing.worker.sheets.number_formats import GENERAL, builtin_format, number_text, text_by_format
from engines.parsing.worker.sheets.sheet import Sheet

_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = 1, 2, 3, 4, 5
_LAST_BUILTIN = 58


class XlsSheet:
    """Converts one sheet of an opened workbook."""

    def __init__(self, book: Any, number: int) -> None:
        self._book = book
        self._number = number
        self._formats: dict[int, tuple[str, bool]] = {}

    def sheet(self) -> Sheet:
        """Return the sheet. Its cells are in memory from the request for the first row until the last row has been read."""
        is_hidden = bool(self._book._sheet_visibility[self._number])
        sheet = Sheet(self._book.sheet_names()[self._number], is_hidden=is_hidden)
        notes: list[str] = []
        sheet.notes = notes
        sheet.rows = self._rows(sheet, notes)
        return sheet

    def _rows(self, sheet: Sheet, notes: list[str]) -> Iterator[list[str]]:
        cells = self._book.sheet_by_index(self._number)
        areas = (CellRange(top, left, bottom - 1, right - 1) for top, bottom, left, right in cells.merged_cells)
        merged, used = MergedCells(areas), set[int]()
        for number in range(cells.nrows):
            row = [self._text(cells.cell(number, column)) for column in range(cells.row_len(number))]
            info = cells.rowinfo_map.get(number)
            sheet.hidden_rows += bool(info and info.hidden and any(row))
            used.update(column for column, text in enumerate(row) if text)
            yield merged.fill(number, row)
        sheet.hidden_columns = sum(info.hidden for column, info in cells.colinfo_map.items() if column in used)
        for (row, column), note in sorted(cells.cell_note_map.items()):
            if text := one_line(note.text or ""):
                by = f" by {one_line(note.author)}" if note.author else ""
                notes.append(f"Comment{by} on {_place(row, column)}: {text}")
        self._book.unload_sheet(self._number)

    def _text(self, cell: Any) -> str:
        code, is_bold = self._format(cell.xf_index)
        if cell.ctype == _TEXT:
            text = text_by_format(cell.value, code)
        elif cell.ctype in (_NUMBER, _DATE):
            text = number_text(cell.value, code, bool(self._book.datemode))
        elif cell.ctype == _BOOLEAN:
            text = "TRUE" if cell.value else "FALSE"
        elif cell.ctype == _ERROR:
            text = _error_text(cell.value)
        else:
            text = ""
        return CellText(text, is_bold=True) if text and is_bold else text

    def _format(self, index: int | None) -> tuple[str, bool]:
        """Return the number format of the style with this index, and True if the style is bold."""
        if index is None or index >= len(self._book.xf_list):
            return GENERAL, False
        if index not in self._formats:
            style = self._book.xf_list[index]
            known = self._book.format_map.get(style.format_key)
            code = known.format_str if known else GENERAL
            if style.format_key in (14, 22) or not known:
                code = builtin_format(style.format_key) if style.format_key <= _LAST_BUILTIN else GENERAL
            fonts = self._book.font_list
            is_bold = style.font_index < len(fonts) and bool(fonts[style.font_index].bold)
            self._formats[index] = code, is_bold
        return self._formats[index]


def _place(row: int, column: int) -> str:
    from xlrd.formula import cellname

    return str(cellname(row, column))


def _error_text(code: int) -> str:
    from xlrd.biffh import error_text_from_code

    return str(error_text_from_code.get(code, "#ERROR!"))
