"""A sheet of a workbook of any file format, and the conversion of a workbook to blocks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.blocks.table_layout import TableLayout
from engines.parsing.worker.parse_context import ParseContext

_MAX_ROW_CELLS_PER_CELL = 64
"""Number of cells, including empty ones, that count as one cell for the limit. Empty cells need memory, too."""


@dataclass(slots=True)
class Sheet:
    """A sheet of a workbook. Its counts and notes are complete when its rows have been read."""

    name: str
    rows: Iterable[list[str]] = ()
    "The texts of the cells of each row. Consecutive empty rows may be combined into one."
    notes: Iterable[str] = ()
    "Texts outside of the cells, such as comments and text boxes."
    is_hidden: bool = False
    hidden_rows: int = 0
    hidden_columns: int = 0
    formulas: int = field(default=0)
    "Number of formulas without a stored result."


def workbook_blocks(sheets: Iterable[Sheet], context: ParseContext, total: int | None = None) -> Iterator[Block]:
    """Yield a heading for each sheet, its tables and its notes.

    Add warnings about empty sheets, hidden parts, and formulas without a result. `total` is the number of sheets, by which
    the progress is updated; with None, the caller updates `context.fraction`.
    """
    context.tables = number = 0
    empty, hidden = [], []
    for number, sheet in enumerate(sheets, 1):
        blocks = chain(TableLayout(context).blocks(_counted(sheet.rows, context)), _note_blocks(sheet))
        name = one_line(sheet.name) or f"Sheet {number}"
        if first := next(blocks, None):
            yield Block(BlockKind.HEADING, name, level=1)
            yield from chain([first], blocks)
        else:
            empty.append(number)
        if sheet.is_hidden:
            hidden.append(number)
        context.warnings += _sheet_warnings(sheet, name)
        if total:
            context.fraction = number / total
    context.warn_of_parts(empty, number, "sheets", "are empty")
    context.warn_of_parts(hidden, number, "sheets", "are hidden in the program and were read")


def _counted(rows: Iterable[list[str]], context: ParseContext) -> Iterator[list[str]]:
    for row in rows:
        context.count_cells(max(sum(map(bool, row)), len(row) // _MAX_ROW_CELLS_PER_CELL))
        yield row


def _note_blocks(sheet: Sheet) -> Iterator[Block]:
    yield from (Block(BlockKind.NOTE, note) for note in sheet.notes)


def _sheet_warnings(sheet: Sheet, name: str) -> Iterator[str]:
    if sheet.formulas:
        yield (
            f"Sheet “{name}”: {sheet.formulas:,} cells have a formula without a stored result, so the formula is shown. "
            "Open the file in a spreadsheet program, save it and upload it again."
        )
    parts = [
        f"{count:,} hidden {part if count > 1 else part.removesuffix('s')}"
        for count, part in ((sheet.hidden_rows, "rows"), (sheet.hidden_columns, "columns"))
        if count
    ]
    if parts:
        yield f"Sheet “{name}”: {' and '.join(parts)} were read."
