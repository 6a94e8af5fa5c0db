"""Assembly of RTF text: the paragraphs and tables of the body, of a note or of a text box."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.rtf.rtf_tables import RtfRow, rtf_table_blocks

_SPACES = re.compile(r"[^\S\n]+")


@dataclass(slots=True)
class _OpenTable:
    """A table that has not ended: its complete rows, the cells of the current row, and the blocks of the current cell."""

    rows: list[RtfRow] = field(default_factory=list)
    row: RtfRow = field(default_factory=RtfRow)
    cell: list[Block] = field(default_factory=list)
    is_bold: bool = True


class RtfFlow:
    """Assembles the blocks of one text, which is the body, a note or a text box.

    `nesting` is a number of tables that contain each other: 0 outside of tables, 1 in a table, 2 in a table within it.
    """

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._tables: list[_OpenTable] = []
        self._blocks: list[Block] = []
        self._before: BlockKind | None = None
        self._is_bold = True
        self.text: list[str] = []
        self.marker = ""
        "List marker of the current paragraph: a number, or `-` for a bullet; empty outside of lists."

    def add(self, text: str, *, is_bold: bool) -> None:
        """Add text to the current paragraph."""
        self.text.append(text)
        if text.strip():
            self._is_bold &= is_bold

    def end_paragraph(self, level: int | None, nesting: int) -> None:
        """End the current paragraph. `level` is the level of a heading, or None for another paragraph."""
        self._close_tables(nesting)
        text = clean_text("".join(self.text))
        block = self._block(text, level)
        if nesting:
            self._open(nesting).is_bold &= self._is_bold or not text.strip()
        if block:
            (self._open(nesting).cell if nesting else self._blocks).append(block)
            self._before = block.kind
        self.text, self.marker, self._is_bold = [], "", True

    def _block(self, text: str, level: int | None) -> Block | None:
        if not text.strip():
            return None
        if level:
            marker = f"{self.marker} " if self.marker not in ("", "-") else ""
            return Block(BlockKind.HEADING, f"{marker}{one_line(text)}", level=level)
        if self.marker:
            separator = Separator.NEWLINE if self._before is BlockKind.LIST_ITEM else Separator.BLANK_LINE
            return Block(BlockKind.LIST_ITEM, f"{self.marker} {one_line(text)}", separator=separator)
        lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
        return Block(BlockKind.PARAGRAPH, "\n".join(lines).strip())

    def insert(self, blocks: list[Block], nesting: int) -> None:
        """Insert the blocks of a text box before the current paragraph."""
        (self._open(nesting).cell if nesting else self._blocks).extend(blocks)

    def end_cell(self, nesting: int) -> None:
        """End the current cell of the table at this nesting."""
        self.end_paragraph(None, nesting)
        table = self._open(nesting)
        table.row.contents.append(table.cell)
        table.row.bold.append(table.is_bold and bool(table.cell))
        table.cell, table.is_bold, self._before = [], True, None

    def end_row(self, definition: RtfRow, nesting: int) -> None:
        """End the current row of the table at this nesting. `definition` contains the definitions of its cells."""
        self._close_tables(nesting)
        table = self._open(nesting)
        if table.cell:
            table.row.contents.append(table.cell)
        row, table.row, table.cell = table.row, RtfRow(), []
        row.definitions, row.is_header = list(definition.definitions), definition.is_header
        if row.contents:
            table.rows.append(row)

    def _open(self, nesting: int) -> _OpenTable:
        while len(self._tables) < nesting:
            self._tables.append(_OpenTable())
        return self._tables[nesting - 1]

    def _close_tables(self, nesting: int) -> None:
        """End the tables that are nested deeper than `nesting`. Add the blocks of each to the cell or text around it."""
        while len(self._tables) > nesting:
            table = self._tables.pop()
            if table.row.contents or table.cell:
                table.rows.append(table.row)
                table.row.contents.append(table.cell)
            blocks = list(rtf_table_blocks(table.rows, self._context))
            (self._tables[-1].cell if self._tables else self._blocks).extend(blocks)
            self._before = None

    def finish(self, level: int | None = None) -> list[Block]:
        """End the current paragraph and all tables, and return the blocks that `ready` has not yielded."""
        self.end_paragraph(level, 0)
        return list(self.ready())

    def ready(self) -> Iterator[Block]:
        """Yield the blocks that are complete. Each block is yielded once."""
        blocks, self._blocks = self._blocks, []
        yield from blocks
