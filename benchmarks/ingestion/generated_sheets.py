"""Generated workbooks and CSV files with known facts, and the share of facts in their extracted text (T1).

Every file is drawn from a seed: the tables of its sheets, their headers, number formats and merged cells, the lines around
them, and for CSV the delimiter, the encoding and the quotation marks. A fact is the value of a row and a column: a line of
the text must contain the label of the row and the name of the column before the value.
"""

import csv
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from openpyxl import Workbook

from benchmarks.figures import Figure, at_least
from benchmarks.ingestion.generated_markup import NOUNS
from engines.parsing.detection.detect import detect_type
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import reader_for

_FORMATS: tuple[tuple[str, Callable[[float], float], Callable[[float], str]], ...] = (
    ("General", lambda size: round(size), lambda value: f"{value:.0f}"),
    ("0.00", lambda size: round(size, 2), lambda value: f"{value:.2f}"),
    ("#,##0", lambda size: round(size) * 100, lambda value: f"{value:,.0f}"),
    ("0.0%", lambda size: round(size) / 1000, lambda value: f"{value * 100:.1f}%"),
    ('0.0"%"', lambda size: round(size, 1), lambda value: f"{value:.1f}%"),
    ("[$€-407] #,##0.00", lambda size: round(size, 2), lambda value: f"€ {value:,.2f}"),
    ('#,##0.0" kg"', lambda size: round(size, 1), lambda value: f"{value:,.1f} kg"),
    ("00000", lambda size: round(size), lambda value: f"{value:05.0f}"),
    ("#,##0_);(#,##0)", lambda size: -round(size) - 1, lambda value: f"({-value:,.0f})"),
)
"""Number formats of columns: the code, a value made from a random size, and the value as it is shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with its stored value, its number format, and its text as a person sees it."""

    value: str | float
    shown: str
    code: str = "General"


@dataclass(frozen=True, slots=True)
class Fact:
    """The value in a row and a column, as a line of the text must contain it.

    `value` begins with the name of the value's column and a colon. So does `label`, the label of the row, if its column has
    a name. In a table of keys and values, `label` is the key, and `value` is `key: value`.
    """

    label: str
    value: str


@dataclass(slots=True)
class Sheet:
    """A sheet: its rows, its merged cells, and its facts."""

    rows: list[list[Cell | None]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    "First row, first column, last row and last column of each merged cell, counted from 0."
    facts: list[Fact] = field(default_factory=list)


def text_cell(text: str) -> Cell:
    return Cell(text, text)


class SheetWriter:
    """Draws sheets from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._numbers = iter(range(1, 100_000))

    def sheet(self, *, can_merge: bool) -> Sheet:
        """Return a sheet of one to three tables, with empty rows between them."""
        sheet = Sheet()
        for number in range(self.random.choice((1, 1, 2, 3))):
            if number:
                sheet.rows += [[] for _ in range(self.random.randint(1, 3))]
            makers = [self._records, self._records, self._years, self._keys, self._levels]
            if can_merge:
                makers += [self._merged_labels, self._merged_header, self._side_by_side]
            self._title(sheet)
            self.random.choice(makers)(sheet)
            if self.random.random() < 0.3:
                sheet.rows.append([text_cell(f"Source: the office of {self._word()} and others")])
        return sheet

    def _word(self) -> str:
        return f"{self.random.choice(NOUNS)} {next(self._numbers)}"

    def _title(self, sheet: Sheet) -> None:
        """Add lines above a table: a title, names with values, or none."""
        kind = self.random.random()
        if kind < 0.3:
            sheet.rows.append([text_cell(f"Report on {self._word()}")])
        elif kind < 0.5:
            for _ in range(2):
                sheet.rows.append([text_cell(f"{self._word()}:"), text_cell(self._word())])
            sheet.rows.append([])

    def _column(self, rows: int) -> list[Cell]:
        code, make, show = self.random.choice(_FORMATS)
        values = [make(self.random.uniform(1, 9999)) for _ in range(rows)]
        return [Cell(value, show(value), code) for value in values]

    def _body(self, sheet: Sheet, names: list[str], label: str, *, labels: list[str] | None = None) -> None:
        """Add rows below a header: a label, and a value for each name."""
        labels = labels or [self._word() for _ in range(self.random.randint(2, 8))]
        columns = [self._column(len(labels)) for _ in names]
        for number, text in enumerate(labels):
            sheet.rows.append([text_cell(text), *(column[number] for column in columns)])
            marked = f"{label}: {text}" if label else text
            sheet.facts += [
                Fact(marked, f"{name}: {column[number].shown}") for name, column in zip(names, columns, strict=True)
            ]

    def _records(self, sheet: Sheet) -> None:
        names = [self._word() for _ in range(self.random.randint(2, 6))]
        label = "" if self.random.random() < 0.2 else self._word()
        sheet.rows.append([text_cell(label) if label else None, *map(text_cell, names)])
        self._body(sheet, names, label)

    def _years(self, sheet: Sheet) -> None:
        first, label = self.random.randint(1990, 2040), self._word()
        names = [str(first + number) for number in range(self.random.randint(2, 6))]
        sheet.rows.append([text_cell(label), *(Cell(int(name), name) for name in names)])
        self._body(sheet, names, label)

    def _keys(self, sheet: Sheet) -> None:
        sheet.rows.append([])
        rows = [(self._word(), self._word()) for _ in range(3)]
        rows += [(self._word(), f"{self.random.randint(1, 99)} m"), (self._word(), self._word())]
        self.random.shuffle(rows)
        for key, value in rows:
            sheet.rows.append([text_cell(f"{key}"), text_cell(value)])
            sheet.facts.append(Fact(key, f"{key}: {value}"))
        sheet.rows.append([])

    def _levels(self, sheet: Sheet) -> None:
        groups, label = [self._word() for _ in range(self.random.randint(2, 3))], self._word()
        sheet.rows.append([None, *(cell for group in groups for cell in (text_cell(group), None))])
        sheet.rows.append([text_cell(label), *(text_cell(name) for _ in groups for name in ("Plan", "Actual"))])
        self._body(sheet, [f"{group} {name}" for group in groups for name in ("Plan", "Actual")], label)

    def _merged_header(self, sheet: Sheet) -> None:
        top = len(sheet.rows)
        self._levels(sheet)
        label = sheet.rows[top + 1][0]
        sheet.rows[top][0], sheet.rows[top + 1][0] = label, None
        groups = (len(sheet.rows[top]) - 1) // 2
        sheet.merged.append((top, 0, top + 1, 0))
        sheet.merged += [(top, 1 + 2 * number, top, 2 + 2 * number) for number in range(groups)]

    def _merged_labels(self, sheet: Sheet) -> None:
        outer, inner, name = self._word(), self._word(), self._word()
        sheet.rows.append([text_cell(outer), text_cell(inner), text_cell(name)])
        for _ in range(self.random.randint(2, 4)):
            ship, count, top = self._word(), self.random.randint(2, 4), len(sheet.rows)
            for number, cell in enumerate(self._column(count)):
                role = self._word()
                sheet.rows.append([text_cell(ship) if number == 0 else None, text_cell(role), cell])
                sheet.facts.append(Fact(f"{outer}: {ship}", f"{inner}: {role}, {name}: {cell.shown}"))
            sheet.merged.append((top, 0, top + count - 1, 0))

    def _side_by_side(self, sheet: Sheet) -> None:
        sheet.rows.append([])
        left, right = Sheet(), Sheet()
        self._records(left)
        self._records(right)
        width = max(map(len, left.rows))
        for number in range(max(len(left.rows), len(right.rows))):
            row = left.rows[number] if number < len(left.rows) else []
            other = right.rows[number] if number < len(right.rows) else []
            sheet.rows.append([*row, *[None] * (width - len(row) + 1), *other])
        sheet.facts += left.facts + right.facts
        sheet.rows.append([])


def write_xlsx(writer: SheetWriter, folder: Path) -> tuple[Path, list[Fact]]:
    """Write a workbook of one or two sheets with openpyxl."""
    book = Workbook()
    sheets = [writer.sheet(can_merge=True) for _ in range(writer.random.randint(1, 2))]
    for number, sheet in enumerate(sheets):
        page = book.active if number == 0 else book.create_sheet()
        shift_down, shift_right = writer.random.choice(((1, 1), (1, 1), (3, 2)))
        for y, row in enumerate(sheet.rows):
            for x, cell in enumerate(row):
                if cell:
                    written = page.cell(y + shift_down, x + shift_right, cell.value)
                    written.number_format = cell.code
        for top, left, bottom, right in sheet.merged:
            page.merge_cells(None, top + shift_down, left + shift_right, bottom + shift_down, right + shift_right)
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx", [fact for sheet in sheets for fact in sheet.facts]


def write_csv(writer: SheetWriter, folder: Path) -> tuple[Path, list[Fact]]:
    """Write a delimited table in one of several dialects and encodings."""
    sheet, delimiter = writer.sheet(can_merge=False), writer.random.choice(",;\t|")
    width = max(map(len, sheet.rows))
    quoting: list[int] = [csv.QUOTE_MINIMAL, csv.QUOTE_ALL]
    stream = io.StringIO()
    rows = csv.writer(stream, delimiter=delimiter, quoting=writer.random.choice(quoting))  # type: ignore[arg-type]
    pads = writer.random.random() < 0.5
    for row in sheet.rows:
        cells = [cell.shown if cell else "" for cell in row]
        rows.writerow(cells + [""] * (width - len(cells)) if pads else cells)
    start = f"sep={delimiter}\r\n" if writer.random.random() < 0.2 else ""
    (folder / "table.csv").write_bytes(
        (start + stream.getvalue()).encode(writer.random.choice(("utf-8", "utf-8-sig", "utf-16")))
    )
    return folder / "table.csv", sheet.facts


def write_ods(writer: SheetWriter, folder: Path) -> tuple[Path, list[Fact]]:
    """Write an OpenDocument spreadsheet of one sheet."""
    sheet = writer.sheet(can_merge=True)
    spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in sheet.merged}
    rows = (
        "".join(_ods_cell(cell, spans.get((y, x))) for x, cell in enumerate(row)) for y, row in enumerate(sheet.rows)
    )
    body = "".join(f"<table:table-row>{row or '<table:table-cell/>'}</table:table-row>" for row in rows)
    prefixes = ("office", "table", "text")
    names = "".join(f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in prefixes)
    content = f'<office:document-content{names}><office:body><office:spreadsheet><table:table table:name="Fleet">{body}'
    with zipfile.ZipFile(folder / "book.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        end = "</table:table></office:spreadsheet></office:body></office:document-content>"
        archive.writestr("content.xml", content + end)
    return folder / "book.ods", sheet.facts


def _ods_cell(cell: Cell | None, span: tuple[int, int] | None) -> str:
    if cell is None:
        return "<table:table-cell/>"
    spanned = f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"' if span else ""
    return f"<table:table-cell{spanned}><text:p>{escape(cell.shown)}</text:p></table:table-cell>"


WRITERS: dict[str, Callable[[SheetWriter, Path], tuple[Path, list[Fact]]]] = {
    "XLSX": write_xlsx,
    "CSV": write_csv,
    "ODS": write_ods,
}


def missing_facts(path: Path, facts: list[Fact]) -> list[Fact]:
    """Return the facts that no line of the extracted text of a file contains."""
    media_type = detect_type(path, path.name).require()
    context = ParseContext(path, path.name, media_type, ParsingLimits())
    lines = [block.text for block in reader_for(media_type)(context) if isinstance(block, Block)]
    return [fact for fact in facts if not any(_states(line, fact) for line in lines)]


def _states(line: str, fact: Fact) -> bool:
    return (
        f", {fact.label}," in f", {line}," and f", {fact.value}," in f", {line},"
        if fact.label != fact.value.split(":")[0]
        else line == fact.value
    )


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Return the share of facts that are read, by format."""
    figures = []
    for name, write in WRITERS.items():
        total = lost = 0
        for seed in range(20 if quick else 500):
            path, facts = write(SheetWriter(seed), folder)
            total += len(facts)
            lost += len(missing_facts(path, facts))
        figures.append(at_least("T1", f"table facts read: {name}", (total - lost) / total, 0.98, facts=total))
    return figures
