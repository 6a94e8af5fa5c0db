"""The sheets of an OpenDocument spreadsheet, read incrementally from its XML.

A cell contains its formatted text, so number formats are not needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.table_rows import CellText
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.sheets.merged_cells import CellRange, MergedCells
from engines.parsing.worker.sheets.number_formats import plain_number
from engines.parsing.worker.sheets.sheet import Sheet

_MAX_COLUMNS = 16_384
_MAX_REPEATED_ROWS = 1_000
"""Maximum number of times that a repeated row is read. Programs store consecutive equal rows as one repeated row."""
_TAGS = ("{*}table-row", "{*}table-column", "{*}shapes", "{*}table", "{*}style")


@dataclass(slots=True)
class OdsSheets:
    """Reads the sheets of one file from its part `content.xml` (`part`), and counts the charts and pictures in them."""

    part: IO[bytes]
    unread_charts: int = 0
    pictures: int = 0
    _bold: set[str] = field(default_factory=set)
    _hidden_tables: set[str] = field(default_factory=set)

    def sheets(self) -> Iterator[Sheet]:
        """Yield the sheets in order. Read the rows of a sheet before requesting the next sheet."""
        from lxml import etree

        events = etree.iterparse(self.part, events=("start", "end"), tag=_TAGS, resolve_entities=False, no_network=True)
        for event, element in events:
            name = local_name(element)
            if event == "end" and name == "style":
                self._add_style(element)
            elif event == "start" and name == "table" and local_name(element.getparent()) == "spreadsheet":
                sheet = Sheet(
                    _attribute(element, "name"), is_hidden=_attribute(element, "style-name") in self._hidden_tables
                )
                notes: list[str] = []
                sheet.notes = notes
                sheet.rows = self._rows(events, element, sheet, notes)
                yield sheet

    def _add_style(self, style: Any) -> None:
        name = _attribute(style, "name")
        for properties in style:
            if _attribute(properties, "font-weight") == "bold":
                self._bold.add(name)
            if local_name(properties) == "table-properties" and _attribute(properties, "display") == "false":
                self._hidden_tables.add(name)

    def _rows(self, events: Any, table: Any, sheet: Sheet, notes: list[str]) -> Iterator[list[str]]:
        number, columns, merged = 0, _HiddenColumns(), MergedCells([])
        for event, element in events:
            name = local_name(element)
            if event == "start":
                continue
            if element is table:
                break
            if name == "table-column":
                columns.add(element)
            elif name == "shapes":
                notes.extend(self._texts_of(element))
                element.clear()
            elif name == "table-row" and _owner(element) is table:
                row = self._cells(element, number, merged, sheet, notes)
                repeated = _repeated(element, "number-rows-repeated")
                sheet.hidden_rows += bool(any(row) and _attribute(element, "visibility") in ("collapse", "filter"))
                sheet.hidden_columns = columns.count(row)
                for _ in range(min(repeated, _MAX_REPEATED_ROWS) if any(row) else 1):
                    yield merged.fill(number, list(row))
                    number += 1
                element.clear()
                while element.getprevious() is not None and local_name(element.getprevious()) == "table-row":
                    del element.getparent()[0]
        table.clear()

    def _cells(self, element: Any, number: int, merged: MergedCells, sheet: Sheet, notes: list[str]) -> list[str]:
        row: list[str] = []
        column = 0
        for cell in element:
            if local_name(cell) not in ("table-cell", "covered-table-cell"):
                continue
            repeated = _repeated(cell, "number-columns-repeated")
            notes.extend(self._notes(cell))
            text = self._cell_text(cell, sheet)
            if text:
                count = min(repeated, _MAX_COLUMNS - column)
                row.extend([""] * (column - len(row)))
                row.extend([text] * count)
                rows, columns = _repeated(cell, "number-rows-spanned"), _repeated(cell, "number-columns-spanned")
                if rows * columns > 1:
                    merged.add(CellRange(number, column, number + rows - 1, column + columns - 1))
            column = min(column + repeated, _MAX_COLUMNS)
        return row

    def _cell_text(self, cell: Any, sheet: Sheet) -> str:
        if local_name(cell) == "covered-table-cell":
            return ""
        text = "\n".join(_paragraph(child) for child in cell if local_name(child) == "p")
        if not text:
            text = _stored_text(cell)
        formula = _attribute(cell, "formula")
        if formula and not text and _attribute(cell, "value-type") != "string":
            sheet.formulas += 1
            text = f"={one_line(formula.partition(':=')[2] or formula)}"
        is_bold = bool(text) and _attribute(cell, "style-name") in self._bold
        return CellText(text, is_bold=True) if is_bold else text

    def _notes(self, cell: Any) -> Iterator[str]:
        for child in cell:
            if local_name(child) == "annotation":
                author = next((one_line(part.text or "") for part in child if local_name(part) == "creator"), "")
                words = one_line(" ".join(_paragraph(part) for part in child if local_name(part) == "p"))
                if words:
                    yield f"Comment by {author}: {words}" if author else f"Comment: {words}"
            elif local_name(child) in ("frame", "custom-shape"):
                yield from self._texts_of(child)

    def _texts_of(self, shape: Any) -> Iterator[str]:
        """Yield the text of a drawing as one line, and count the charts and pictures in it."""
        words = []
        for element in shape.iter():
            name = local_name(element)
            self.unread_charts += name == "object"
            self.pictures += name == "image" and element.getparent()[0] is element
            if name == "p" and (text := one_line(_paragraph(element))):
                words.append(text)
        if words:
            yield f"Text box: {' '.join(words)}"


class _HiddenColumns:
    """The hidden columns of a sheet. `count` returns how many of them have contained text so far."""

    def __init__(self) -> None:
        self._hidden: list[range] = []
        self._next = 0
        self._used: set[int] = set()

    def add(self, element: Any) -> None:
        end = min(self._next + _repeated(element, "number-columns-repeated"), _MAX_COLUMNS)
        if _attribute(element, "visibility") in ("collapse", "filter"):
            self._hidden.append(range(self._next, end))
        self._next = end

    def count(self, row: list[str]) -> int:
        for hidden in self._hidden:
            self._used.update(column for column in hidden[: len(row)] if column < len(row) and row[column])
        return len(self._used)


def _attribute(element: Any, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _stored_text(cell: Any) -> str:
    """Return the stored value of a cell whose formatted text is missing; empty for a cell without a value."""
    kind, value = _attribute(cell, "value-type"), _attribute(cell, "value")
    if kind == "percentage" and value:
        try:
            return f"{plain_number(float(value) * 100)}%"
        except ValueError:
            return value
    if kind == "currency" and value:
        return f"{value} {_attribute(cell, 'currency')}".strip()
    names = ("string-value", "date-value", "time-value", "boolean-value")
    return value or next((text for name in names if (text := _attribute(cell, name))), "")


def _repeated(element: Any, name: str) -> int:
    value = _attribute(element, name)
    return max(1, int(value)) if value.isdigit() and len(value) < 9 else 1


def _owner(row: Any) -> Any:
    """Return the table that contains a row. Elements that group rows can be between the two."""
    parent = row.getparent()
    while parent is not None and local_name(parent) != "table":
        parent = parent.getparent()
    return parent


def _paragraph(element: Any) -> str:
    """Return the text of a paragraph, with repeated spaces kept. A line break or tab becomes a space."""
    parts = [element.text or ""]
    for child in element:
        name = local_name(child)
        if name == "s":
            parts.append(" " * min(_repeated(child, "c"), 100))
        elif name in ("line-break", "tab"):
            parts.append(" ")
        elif name not in ("annotation", "note"):
            parts.append(_paragraph(child))
        parts.append(child.tail or "")
    return "".join(parts)
