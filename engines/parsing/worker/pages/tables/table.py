"""A table of a page, and its conversion to blocks. A table can continue the table before it, on an earlier page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.table_rows import row_text
from engines.parsing.worker.pages.lines import Line, box_around
from engines.parsing.worker.pages.tables.bands import Band, are_alike

_CONTINUATION_SLACK = 3.0
"""Maximum distance between the columns of a table and those of its continuation, in font sizes."""


@dataclass(slots=True)
class TableRow:
    """A row: the texts of its cells, one for each column, and the lines of the page that contain them."""

    cells: list[str]
    lines: list[Line]
    sections: tuple[str, ...] = ()
    "Titles of the sections that contain the row, from the outermost to the innermost."


@dataclass(slots=True)
class Table:
    """A table. `names` has one name for each column; it is empty for a column without a name."""

    names: list[str]
    rows: list[TableRow]
    bands: list[Band] = field(default_factory=list)
    "The horizontal ranges of the columns; empty for a table that cannot be continued on the next page."
    header: list[Line] = field(default_factory=list)
    captions: list[Line] = field(default_factory=list)
    "Lines above the rows that name no column, such as `(in millions)`."
    unit: str = ""
    "The unit of the values, if the header states it above the labels; otherwise empty."

    @property
    def lines(self) -> list[Line]:
        """All lines of the table."""
        return [*self.captions, *self.header, *(line for row in self.rows for line in row.lines)]

    def continue_from(self, before: "Table") -> None:
        """Copy the column names of the table `before` if this table has none and its columns are at the same positions."""
        if any(self.names) or not self.rows or not self.bands:
            return
        size = self.rows[0].lines[0].height
        if are_alike(self.bands, before.bands, _CONTINUATION_SLACK * size):
            self.names = list(before.names)

    def blocks(self, page: int) -> Iterator[Block]:
        """Yield a block for each line of the table's text. `page` is the number of its page.

        In the text of a row, each value follows the name of its column, and the label follows the titles of its sections.
        """
        separator = Separator.BLANK_LINE
        names = tuple(self.names)
        for text, lines in self._texts():
            box = box_around(lines, page)
            yield Block(BlockKind.TABLE_ROW, text, page=page, box=box, header=names, separator=separator)
            separator = Separator.NEWLINE

    def _texts(self) -> Iterator[tuple[str, Sequence[Line]]]:
        """Yield the lines of the table's text, each with the lines of the page that contain it.

        These are the captions, the names of columns without cells, and the rows.
        """
        for line in self.captions:
            yield line.text, [line]
        unnamed = [
            name for index, name in enumerate(self.names) if name and not any(row.cells[index] for row in self.rows)
        ]
        if self.header and (self.unit or unnamed):
            yield ", ".join(filter(None, (self.unit, *unnamed))), self.header
        for row in self.rows:
            yield ": ".join((*row.sections, self._text(self.names, row.cells))), row.lines

    @staticmethod
    def _text(names: Sequence[str], cells: Sequence[str]) -> str:
        """Return the text of a row. Two cells without column names are written as a key and its value."""
        if len(cells) == 2 and all(cells) and not any(names):
            return f"{cells[0].rstrip(': ')}: {cells[1]}"
        return row_text(names, cells)
