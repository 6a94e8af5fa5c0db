"""A table of a page: its rows as cells, the names of its columns, and what is needed to continue it on the next page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.table_rows import row_text
from engines.parsing.worker.pages.lines import Line, box_around
from engines.parsing.worker.pages.tables.bands import Band, are_alike

_CONTINUATION_SLACK = 3.0
"""Distance up to which the columns of a table and of its continuation differ, in font sizes."""


@dataclass(slots=True)
class TableRow:
    """The cells of a row, one for each column, and the lines that contain them."""

    cells: list[str]
    lines: list[Line]
    sections: tuple[str, ...] = ()
    "Titles of the parts of the table that contain the row, from the outermost."


@dataclass(slots=True)
class Table:
    """A table. `names` has a name for each column, which is empty if the table does not name it."""

    names: list[str]
    rows: list[TableRow]
    bands: list[Band] = field(default_factory=list)
    "The ranges of the columns; empty for a table that cannot be continued."
    header: list[Line] = field(default_factory=list)
    captions: list[Line] = field(default_factory=list)
    "Lines of the header that name no column, such as `(in millions)`."
    unit: str = ""
    "The unit that the header states beside the names of the columns."

    @property
    def lines(self) -> list[Line]:
        """All lines of the table."""
        return [*self.captions, *self.header, *(line for row in self.rows for line in row.lines)]

    def continue_from(self, before: "Table") -> None:
        """Take over the names of the columns of the table that this one continues, if this one has none."""
        if any(self.names) or not self.rows or not self.bands:
            return
        size = self.rows[0].lines[0].height
        if are_alike(self.bands, before.bands, _CONTINUATION_SLACK * size):
            self.names = list(before.names)

    def blocks(self, page: int) -> Iterator[Block]:
        """Yield the rows. Each value follows the name of its column, and the label follows the sections that contain it."""
        separator = Separator.BLANK_LINE
        names = tuple(self.names)
        for text, lines in self._texts():
            box = box_around(lines, page)
            yield Block(BlockKind.TABLE_ROW, text, page=page, box=box, header=names, separator=separator)
            separator = Separator.NEWLINE

    def _texts(self) -> Iterator[tuple[str, Sequence[Line]]]:
        """Yield each line of text, with the lines of the page that contain it."""
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
        """Return the line of a row. The cells of a table with two columns without names are a key and its value."""
        if len(cells) == 2 and all(cells) and not any(names):
            return f"{cells[0].rstrip(': ')}: {cells[1]}"
        return row_text(names, cells)
