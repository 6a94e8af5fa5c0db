"""Excel workbooks, read row by row. docling and openpyxl would load every cell into memory."""

import zipfile
from collections.abc import Iterator

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.markup.office_properties import core_properties
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.sheets.sheet import Sheet, workbook_blocks
from engines.parsing.worker.sheets.sheet_notes import SheetNotes
from engines.parsing.worker.sheets.workbook_parts import SheetPart, WorkbookParts
from engines.parsing.worker.sheets.worksheet_rows import WorksheetRows, merged_ranges
from engines.parsing.zip_archives import check_archive

_IMAGE_FOLDER = "xl/media/"
_MACROS = "xl/vbaproject.bin"
_WORKSHEET = "worksheet"


def read(context: ParseContext) -> Iterator[Block]:
    """Yield a heading for each sheet and a line for each row. Parts that are not read add warnings."""
    check_archive(context.path, context.limits)
    context.properties.update(core_properties(context.path))
    context.title = context.properties.get("title")
    with zipfile.ZipFile(context.path) as archive:
        context.pictures = sum(name.startswith(_IMAGE_FOLDER) for name in archive.namelist())
        parts = WorkbookParts(archive)
        notes = SheetNotes(parts)
        sheets = [_sheet(part, parts, notes) for part in parts.sheets if part.kind == _WORKSHEET]
        yield from workbook_blocks(sheets, context, len(sheets))
        notes.warn(context)
        _warn_of_other_sheets(parts.sheets, context)
        if any(name.lower() == _MACROS for name in archive.namelist()):
            context.warnings.append("The macros of the workbook were not read.")


def _sheet(part: SheetPart, parts: WorkbookParts, notes: SheetNotes) -> Sheet:
    sheet = Sheet(part.name, is_hidden=part.is_hidden)
    reader = WorksheetRows(parts, sheet)
    sheet.rows = _rows(part.path, parts, reader)
    sheet.notes = _notes(part.path, notes, reader)
    return sheet


def _rows(path: str, parts: WorkbookParts, reader: WorksheetRows) -> Iterator[list[str]]:
    with parts.open_sheet(path) as part:
        merged = merged_ranges(part)
    with parts.open_sheet(path) as part:
        yield from reader.rows(part, merged)


def _notes(path: str, notes: SheetNotes, reader: WorksheetRows) -> Iterator[str]:
    yield from notes.notes(path)
    yield from notes.page_notes(reader.page_texts)


def _warn_of_other_sheets(parts: list[SheetPart], context: ParseContext) -> None:
    """Add a warning that names the sheets without cells: charts, dialogs and macros."""
    if names := [one_line(part.name) for part in parts if part.kind != _WORKSHEET]:
        context.warnings.append(f"Sheets without cells were not read: {', '.join(names)}.")
