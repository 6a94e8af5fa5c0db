"""Office documents that are drawn from a seed, with the facts that they state.

python-docx and python-pptx write the Word documents and presentations; OpenDocument text is written as XML.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ingestion.generated_markup import NOUNS
from tests.support.documents.open_documents import cell_of, row, table, write_odt

_UNITS = ("{}", "{} m", "{}%", "€{}", "({})", "–")
_COVERED = "<table:covered-table-cell/>"


@dataclass(frozen=True, slots=True)
class TableFact:
    """A value of a table with the label of its row and the name of its column."""

    label: str
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with merged cells.

    `merged` maps the row and column of the first cell of a merged cell to those of its last cell, counted from 0.
    """

    rows: list[list[str]]
    header_rows: int
    merged: dict[tuple[int, int], tuple[int, int]]
    facts: tuple[TableFact, ...]


@dataclass(frozen=True, slots=True)
class OfficeDocument:
    """A written document with its facts."""

    path: Path
    tables: tuple[TableFact, ...]
    texts: tuple[str, ...]


class OfficeWriter:
    """Writes random documents. The same seed gives the same documents."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = iter(range(1, 100_000))
        self._tables: list[TableFact] = []
        self._texts: list[str] = []

    def _words(self, count: int) -> str:
        """Return `count` words. The first is a number written in letters, so that the text occurs nowhere else."""
        number = "".join(chr(ord("a") + int(digit)) for digit in str(next(self._numbers)))
        return " ".join([f"{self._random.choice(NOUNS)}-{number}", *self._random.choices(NOUNS, k=count - 1)])

    def _value(self) -> str:
        return self._random.choice(_UNITS).format(f"{self._random.randint(0, 99_999):,}")

    def _text(self, count: int) -> str:
        text = self._words(count)
        self._texts.append(text)
        return text

    def _grid(self) -> Grid:
        makers = (self._plain_grid, self._grouped_grid, self._merged_grid, self._form)
        grid = self._random.choice(makers)()
        self._tables += grid.facts
        return grid

    def _body(self, columns: int) -> list[list[str]]:
        rows = self._random.randint(2, 6)
        return [[self._words(2), *(self._value() for _ in range(columns - 1))] for _ in range(rows)]

    def _plain_grid(self) -> Grid:
        names = [self._words(self._random.randint(1, 2)) for _ in range(self._random.randint(3, 6))]
        style = self._random.choice(("words", "words", "years", "numbered"))
        if style == "years":
            first = self._random.randint(1990, 2040)
            names[1:] = [str(first + number) for number in range(len(names) - 1)]
        elif style == "numbered":
            names[1:] = [f"{names[1]} {number}" for number in range(1, len(names))]
        body = self._body(len(names))
        return Grid([names, *body], self._random.randint(0, 1), {}, _facts_of(names, body))

    def _grouped_grid(self) -> Grid:
        """Return a table with two levels of column names."""
        groups = [self._words(1) for _ in range(self._random.randint(2, 3))]
        below = [self._words(1) for _ in range(2)]
        first, label = self._words(1), [""]
        upper = [first, *(each for group in groups for each in (group, ""))]
        lower = label + below * len(groups)
        names = [first, *(f"{group} {name}" for group in groups for name in below)]
        body = self._body(len(names))
        merged = {(0, 1 + 2 * number): (0, 2 + 2 * number) for number in range(len(groups))} | {(0, 0): (1, 0)}
        return Grid([upper, lower, *body], self._random.choice((0, 2)), merged, _facts_of(names, body))

    def _merged_grid(self) -> Grid:
        """Return a table with a merged cell over several rows in its first column."""
        names = [self._words(1) for _ in range(self._random.randint(3, 5))]
        body = self._body(len(names))
        group, size = self._words(1), self._random.randint(2, len(body))
        rows = [[group if not number else "", *line[1:]] for number, line in enumerate(body[:size])] + body[size:]
        known = [[group, *line[1:]] for line in body[:size]] + body[size:]
        return Grid([names, *rows], 1, {(1, 0): (size, 0)}, _facts_of(names, known))

    def _form(self) -> Grid:
        """Return a table of keys and values."""
        keys = [self._words(1) for _ in range(self._random.randint(3, 6))]
        rows = [[key + self._random.choice(("", ":")), self._words(2)] for key in keys]
        facts = tuple(TableFact("", key, value) for key, (_, value) in zip(keys, rows, strict=True))
        return Grid(rows, 0, {}, facts)

    def write_docx(self, folder: Path) -> OfficeDocument:
        """Write a Word document with headings, lists, tables, nested tables, notes in its margins and comments."""
        import docx

        word: Any = docx.Document()
        word.add_heading(self._text(2), self._random.randint(1, 3))
        for _ in range(self._random.randint(3, 9)):
            self._random.choice((self._add_prose, self._add_list, self._add_table, self._add_table, self._add_nested))(
                word
            )
        section = word.sections[0]
        section.header.paragraphs[0].text = self._text(3)
        _fill(section.footer.add_table(1, 2, section.page_width), Grid([[self._text(1), self._text(1)]], 0, {}, ()))
        marked = word.add_paragraph(self._text(4))
        word.add_comment(marked.runs, self._text(3), author="Lin")
        word.save(folder / "a.docx")
        return self._document(folder / "a.docx")

    def _add_prose(self, word: Any) -> None:
        text = self._text(9)
        paragraph = word.add_paragraph()
        for number, part in enumerate(text.split(" ")):
            run = paragraph.add_run(f" {part}" if number else part)
            run.bold, run.italic = self._random.random() < 0.2, self._random.random() < 0.2

    def _add_list(self, word: Any) -> None:
        style = self._random.choice(("List Bullet", "List Number"))
        for _ in range(self._random.randint(1, 4)):
            word.add_paragraph(self._text(3), style)

    def _add_table(self, word: Any) -> None:
        grid = self._grid()
        added = word.add_table(len(grid.rows), len(grid.rows[0]))
        is_form = all(not fact.label for fact in grid.facts)
        with_header = () if is_form else ("Light Grid Accent 1", "Medium Shading 1")
        added.style = self._random.choice(("Table Grid", "Normal Table", *with_header))
        _fill(added, grid)

    def _add_nested(self, word: Any) -> None:
        """Add a table that contains another table in a cell. Both have facts."""
        outer, inner = self._plain_grid(), self._plain_grid()
        kept = [fact for fact in outer.facts if (fact.label, fact.column) != (outer.rows[1][0], outer.rows[0][-1])]
        self._tables += [*kept, *inner.facts]
        added = word.add_table(len(outer.rows), len(outer.rows[0]))
        _fill(added, Grid(outer.rows, 1, {}, ()))
        cell = added.cell(1, len(outer.rows[0]) - 1)
        cell.text = ""
        _fill(cell.add_table(len(inner.rows), len(inner.rows[0])), Grid(inner.rows, 1, {}, ()))

    def write_pptx(self, folder: Path) -> OfficeDocument:
        """Write a presentation with titles, lists, text boxes, groups, tables, charts and notes."""
        import pptx

        show: Any = pptx.Presentation()
        for _ in range(self._random.randint(1, 4)):
            slide = show.slides.add_slide(show.slide_layouts[1])
            slide.shapes.title.text = self._text(2)
            slide.placeholders[1].text = "\n".join(self._text(3) for _ in range(self._random.randint(1, 4)))
            slide.shapes.add_textbox(0, 0, 100, 100).text_frame.text = self._text(4)
            group = slide.shapes.add_group_shape()
            group.shapes.add_textbox(0, 0, 100, 100).text_frame.text = self._text(4)
            self._add_slide_table(slide)
            self._add_chart(slide)
            slide.notes_slide.notes_text_frame.text = self._text(5)
        show.save(folder / "a.pptx")
        return self._document(folder / "a.pptx")

    def _add_slide_table(self, slide: Any) -> None:
        grid = self._grid()
        added = slide.shapes.add_table(len(grid.rows), len(grid.rows[0]), 0, 0, 100, 100).table
        is_form = all(not fact.label for fact in grid.facts)
        added.first_row, added.first_col = not is_form, is_form
        _fill(added, grid)

    def _add_chart(self, slide: Any) -> None:
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE

        new_data: Any = CategoryChartData
        data = new_data()
        data.categories = categories = [self._words(1) for _ in range(3)]
        for _ in range(2):
            name, values = self._words(1), [self._random.randint(1, 999) / 4 for _ in categories]
            data.add_series(name, values)
            self._tables += [
                TableFact(label, name, f"{value:.15g}") for label, value in zip(categories, values, strict=True)
            ]
        slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 100, 100, data)

    def write_odt(self, folder: Path) -> OfficeDocument:
        """Write OpenDocument text with headings, lists, tables, frames, footnotes and page headers."""
        makers = (self._odf_prose, self._odf_list, self._odf_table, self._odf_table, self._odf_frame)
        parts = [f'<text:h text:outline-level="1">{self._text(2)}</text:h>']
        parts += [self._random.choice(makers)() for _ in range(self._random.randint(3, 9))]
        header = f"<style:header><text:p>{self._text(3)}</text:p></style:header>"
        path = write_odt(
            folder / "a.odt", "".join(parts), masters=f'<style:master-page style:name="x">{header}</style:master-page>'
        )
        return self._document(path)

    def _odf_prose(self) -> str:
        body = f"<text:note-body><text:p>{self._text(4)}</text:p></text:note-body>"
        note = f'<text:note text:note-class="footnote">{body}</text:note>'
        words = self._text(7).split(" ")
        return f"<text:p>{' '.join(words[:3])} <text:span>{' '.join(words[3:])}</text:span>{note}</text:p>"

    def _odf_list(self) -> str:
        items = (
            f"<text:list-item><text:p>{self._text(3)}</text:p></text:list-item>"
            for _ in range(self._random.randint(1, 4))
        )
        return f"<text:list>{''.join(items)}</text:list>"

    def _odf_frame(self) -> str:
        return (
            f"<text:p><draw:frame><draw:text-box><text:p>{self._text(4)}</text:p></draw:text-box></draw:frame></text:p>"
        )

    def _odf_table(self) -> str:
        grid = self._grid()
        covered = {cell for first, last in grid.merged.items() for cell in _cells(first, last)} - set(grid.merged)
        rows = []
        for number, line in enumerate(grid.rows):
            cells = []
            for column, text in enumerate(line):
                last = grid.merged.get((number, column), (number, column))
                down, across = last[0] - number + 1, last[1] - column + 1
                spans = f'table:number-rows-spanned="{down}" table:number-columns-spanned="{across}"'
                cells.append(_COVERED if (number, column) in covered else cell_of(text, spans))
            rows.append(row(*cells))
        return table(*rows, header_rows=grid.header_rows)

    def _document(self, path: Path) -> OfficeDocument:
        return OfficeDocument(path, tuple(self._tables), tuple(self._texts))


def _facts_of(names: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[TableFact, ...]:
    return tuple(
        TableFact(line[0], name, value) for line in body for name, value in zip(names[1:], line[1:], strict=True)
    )


def _cells(first: tuple[int, int], last: tuple[int, int]) -> set[tuple[int, int]]:
    return {(line, column) for line in range(first[0], last[0] + 1) for column in range(first[1], last[1] + 1)}


def _fill(added: Any, grid: Grid) -> None:
    """Write a grid into a table of python-docx or python-pptx."""
    for number, line in enumerate(grid.rows):
        for column, text in enumerate(line):
            added.cell(number, column).text = text
    for first, last in grid.merged.items():
        text = added.cell(*first).text
        added.cell(*first).merge(added.cell(*last))
        added.cell(*first).text = text
