"""Old Excel workbooks (XLS), read with xlrd, and compact ones (XLSB), read record by record."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from engines.parsing.formats.xls import XLSB
from engines.parsing.parsing_limits import MIB, check_size
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.sheets.sheet import Sheet, workbook_blocks
from engines.parsing.worker.sheets.workbook_parts import PackageParts
from engines.parsing.worker.sheets.xls_sheets import XlsSheet
from engines.parsing.worker.sheets.xlsb_sheets import xlsb_sheets
from engines.parsing.zip_archives import check_archive
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_MAX_BYTES = 128 * MIB
"""Maximum size of an XLS file. xlrd loads the file and the cells of one sheet into memory."""


def read(context: ParseContext) -> Iterator[Block]:
    """Yield a heading for each sheet and a line for each row."""
    if context.media_type == XLSB:
        check_archive(context.path, context.limits)
        with zipfile.ZipFile(context.path) as archive:
            sheets = list(xlsb_sheets(PackageParts(archive)))
            yield from workbook_blocks(sheets, context, len(sheets))
        context.warnings.append(
            "Only the cells of .xlsb files are read. Save the workbook as .xlsx to read its comments and text boxes, too."
        )
    else:
        check_size(context.path.stat().st_size, _MAX_BYTES)
        sheets = list(_xls_sheets(context))
        yield from workbook_blocks(sheets, context, len(sheets))


def _xls_sheets(context: ParseContext) -> Iterator[Sheet]:
    import xlrd

    try:
        book: Any = xlrd.open_workbook(
            str(context.path),
            logfile=io.StringIO(),
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,
            ignore_workbook_corruption=True,
        )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise DocumentUnreadable(
                ErrorCode.ENCRYPTED_DOCUMENT, "The document is encrypted. Remove the password and upload it again."
            ) from error
        raise
    if book.user_name:
        context.properties["author"] = book.user_name.strip()
    for number in range(book.nsheets):
        yield XlsSheet(book, number).sheet()
