"""Tables with known facts, drawn by Hypothesis in many layouts, and written as PDF files without lines around the cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

LABELS = (
    "Net sales", "Cost of sales", "Research and development", "Selling expenses", "Depreciation", "Goodwill", "Inventories",
    "Accounts payable", "Deferred income", "Interest expense", "Other income", "Income taxes", "Retained earnings", "Leases",
    "Marketing", "Restructuring charges", "Cash and equivalents", "Share-based compensation", "Foreign currency effects",
    "Property and equipment", "Impairment of assets", "Prepaid expenses", "Pension benefits", "Dividends paid",
)  # fmt: skip
LONG_LABELS = (
    "Net income attributable to the owners of the parent company and to other holders of equity instruments",
    "Amortization of intangible assets that were acquired in business combinations during the reported periods",
)
SECTIONS = ("Operating expenses", "Current assets", "Financing activities", "Other items", "Liabilities and equity")
PERIODS = ("Three months ended", "Six months ended", "Nine months ended")
NAMES = ("Plan", "Actual", "Change", "Budget", "Forecast", "Total", "Europe", "Asia", "Americas")


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its label, its values, and the title of its section. A row without values is the title of a section."""

    label: str
    values: tuple[str, ...] = ()
    section: str = ""


@dataclass(frozen=True, slots=True)
class TableFact:
    """A value with the label of its row, the name of its column, and the title of its section."""

    label: str
    column: str
    value: str
    section: str = ""


@dataclass(frozen=True, slots=True)
class GeneratedTable:
    """A table and its layout. Lengths are in points."""

    groups: tuple[str, ...]
    "Names above several columns each; empty for a header of one level."
    names: tuple[str, ...]
    "Names of the columns, without the groups."
    rows: tuple[Row, ...]
    size: float
    pitch: float
    column_width: float
    currency: str
    alignment: str
    "right, left or centre"
    order: str
    "rows, columns, backwards or mixed"

    @property
    def columns(self) -> list[str]:
        """Full names of the columns."""
        per_group = len(self.names) // len(self.groups) if self.groups else 1
        groups = [self.groups[index // per_group] if self.groups else "" for index in range(len(self.names))]
        return [f"{group} {name}".strip() for group, name in zip(groups, self.names, strict=True)]

    def known_facts(self) -> list[TableFact]:
        """Return a fact for each value."""
        return [
            TableFact(row.label, column, self.shown(value, number), row.section)
            for number, row in enumerate(row for row in self.rows if row.values)
            for column, value in zip(self.columns, row.values, strict=True)
            if value
        ]

    def shown(self, value: str, row: int) -> str:
        """Return a value as it is printed: in the first row, with the currency in front."""
        return f"{self.currency}{value}" if row == 0 and value[0].isdigit() else value


def _amounts() -> st.SearchStrategy[str]:
    whole = st.integers(1, 99_999).map(lambda number: f"{number:,}")
    return st.one_of(
        whole, whole, st.integers(1, 9_999).map(lambda number: f"({number:,})"), st.just("—"),
        st.decimals(0, 99, places=1).map(lambda number: f"{number}%"), st.just(""),
    )  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> GeneratedTable:
    """Draw a statement as reports have it: a label and values in two to six columns."""
    groups = draw(st.sampled_from([(), (), PERIODS[:2], PERIODS[:1]]))
    first = draw(st.integers(1995, 2035))
    years = tuple(str(first - offset) for offset in range(draw(st.integers(2, 3))))
    own = draw(st.one_of(st.just(years), st.permutations(NAMES).map(lambda names: tuple(names[: len(years)]))))
    names = own * max(1, len(groups))
    labels = draw(st.lists(st.sampled_from(LABELS), min_size=4, max_size=14, unique=True))
    if draw(st.booleans()):
        labels.insert(draw(st.integers(1, len(labels))), draw(st.sampled_from(LONG_LABELS)))
    rows, section = list[Row](), ""
    size = draw(st.sampled_from([7.0, 8.0, 9.0, 10.0]))
    for number, label in enumerate(labels):
        if number and number < len(labels) - 1 and draw(st.integers(0, 4)) == 0:
            section = draw(st.sampled_from(SECTIONS))
            rows.append(Row(section))
        values = draw(st.tuples(*(_amounts() for _ in names)).filter(any))
        rows.append(Row(label, values if number else tuple(value or "1" for value in values), section))
    return GeneratedTable(
        groups, names, tuple(rows), size=size, pitch=draw(st.floats(1.15, 2.2)),
        column_width=min(draw(st.floats(6.5, 8.5)), 350 / (size * len(names))),
        currency=draw(st.sampled_from(["", "$", "€", "£"])),
        alignment=draw(st.sampled_from(["right", "right", "right", "centre", "left"])),
        order=draw(st.sampled_from(["rows", "rows", "columns", "backwards", "mixed"])),
    )  # fmt: skip


@dataclass(slots=True)
class _Drawing:
    """Texts with their positions. They are collected first and drawn together."""

    font: str
    texts: list[tuple[float, float, str, bool]] = field(default_factory=list)

    def add(self, left: float, y: float, text: str, *, bold: bool = False) -> None:
        if text:
            self.texts.append((left, y, text, bold))


def write_table(path: Path, table: GeneratedTable) -> Path:
    """Write a table between two paragraphs. Long tables continue on the next page."""
    canvas = Canvas(str(path))
    drawing, y = _Drawing("Helvetica"), 780.0
    drawing.add(72, y, "The following statement belongs to the report of the company for the periods that are shown.")
    y = _draw_header(drawing, table, y - 3 * table.size)
    first = next(row for row in table.rows if row.values)
    for row in table.rows:
        y -= table.pitch * table.size
        if y < 80:
            _show(canvas, drawing, table)
            drawing, y = _Drawing("Helvetica"), 780.0
        y = _draw_row(drawing, table, row, y, has_currency=row is first)
    drawing.add(
        72, y - 4 * table.size, "The notes that follow are an integral part of this statement and of the whole report."
    )
    _show(canvas, drawing, table)
    canvas.save()
    return path


def _show(canvas: Canvas, drawing: _Drawing, table: GeneratedTable) -> None:
    texts = drawing.texts
    if table.order == "columns":
        texts = sorted(texts, key=lambda each: (each[0], -each[1]))
    elif table.order == "backwards":
        texts = texts[::-1]
    elif table.order == "mixed":
        texts = texts[::2] + texts[1::2]
    for x, y, text, bold in texts:
        canvas.setFont("Helvetica-Bold" if bold else "Helvetica", table.size)
        canvas.drawString(x, y, text)
    canvas.showPage()


def _left_of(table: GeneratedTable) -> float:
    """Return the left edge of the columns of values."""
    return 560 - table.column_width * table.size * len(table.names)


def _draw_header(drawing: _Drawing, table: GeneratedTable, y: float) -> float:
    width, per_group = table.column_width * table.size, len(table.names) // max(1, len(table.groups))
    for number, group in enumerate(table.groups):
        middle = _left_of(table) + width * per_group * (number + 0.5) + width / 10
        drawing.add(middle - stringWidth(group, "Helvetica-Bold", table.size) / 2, y, group, bold=True)
    y -= 1.3 * table.size * bool(table.groups)
    for number, name in enumerate(table.names):
        drawing.add(_place(table, name, number, "Helvetica-Bold"), y, name, bold=True)
    return y


def _place(table: GeneratedTable, text: str, column: int, font: str = "Helvetica") -> float:
    """Return the left edge of a text in a column, in points."""
    width = table.column_width * table.size
    left, own = _left_of(table) + width * column, float(stringWidth(text, font, table.size))
    if table.alignment == "left":
        return left + 0.2 * width
    return left + (width - own) / (1 if table.alignment == "right" else 2)


def _draw_row(drawing: _Drawing, table: GeneratedTable, row: Row, y: float, *, has_currency: bool) -> float:
    indent = 10.0 if row.section and row.values else 0.0
    lines = _wrapped(row.label, table, indent)
    for line in lines[:-1]:
        drawing.add(72 + indent, y, line)
        y -= 1.1 * table.size
    drawing.add(72 + indent, y, lines[-1], bold=not row.values)
    for column, value in enumerate(row.values):
        left = _place(table, value, column) if value else 0.0
        drawing.add(left, y, value)
        if value and has_currency and table.currency and value[0].isdigit():
            drawing.add(left - 1.2 * table.size, y, table.currency)
    return y


def _wrapped(label: str, table: GeneratedTable, indent: float) -> Sequence[str]:
    width = _left_of(table) - 72 - indent - 2 * table.size
    lines = [""]
    for word in label.split():
        if lines[-1] and stringWidth(f"{lines[-1]} {word}", "Helvetica", table.size) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def missing_facts(text: str, facts: Sequence[TableFact]) -> list[TableFact]:
    """Return the facts that no line of `text` contains. A line must contain the section, the label, and `column: value`."""
    lines = [f"{line}," for line in text.splitlines()]
    return [
        fact
        for fact in facts
        if not any(
            fact.section in line and fact.label in line and f"{fact.column}: {fact.value}," in line for line in lines
        )
    ]
