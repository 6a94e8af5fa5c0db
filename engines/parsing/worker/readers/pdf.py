"""PDF, read with docling's native parser; scanned pages are read by OCR.

The native parser needs no layout model and reads some hundred pages per second. Pages are processed in batches, so that
memory stays bounded.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from engines.parsing.parsing_limits import check_pages
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, PageDone
from engines.parsing.worker.ocr.scanned_pages import recognize_scanned_pages
from engines.parsing.worker.pages.page_blocks import BATCH_PAGES, blocks_of_pages
from engines.parsing.worker.pages.page_coverage import PageCoverage, damaged
from engines.parsing.worker.pages.paragraphs import Outline
from engines.parsing.worker.pages.pdf_pages import read_pdf_pages
from engines.parsing.worker.parse_context import ParseContext
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_MAX_BOOKMARKS = 10_000
_PLACEHOLDER = re.compile(
    r"\(?(untitled|anonymous|unspecified)\)?|microsoft \w+ - .*|.*\.(docx?|tex|dvi|indd|qxd|pdf|rtf)", re.I
)
"""Property values that programs insert: placeholders and file names."""
_PROPERTIES = {
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "Title": "title",
    "CreationDate": "created",
}


def read(context: ParseContext) -> Iterator[Block | PageDone]:
    """Yield the blocks of all pages."""
    outline = _read_properties(context)
    check_pages(context.page_count or 0, context.limits.pages)
    coverage = PageCoverage()
    pages = recognize_scanned_pages(read_pdf_pages(context, ahead=BATCH_PAGES), context)
    yield from blocks_of_pages(pages, context, outline, coverage)
    coverage.report(context)


def _read_properties(context: ParseContext) -> Outline:
    """Set page count, properties and title, and return the bookmarks.

    pdfium is used here because it distinguishes a missing password from a damaged file. Raises `DocumentUnreadable`.
    """
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        with pypdfium2.PdfDocument(context.path) as document:
            context.page_count = len(document)
            properties = {key: one_line(value) for key, value in document.get_metadata_dict(skip_empty=True).items()}
            outline = _outline(document)
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise DocumentUnreadable(
                ErrorCode.ENCRYPTED_DOCUMENT, "The PDF is encrypted. Remove the password and upload it again."
            ) from error
        raise damaged("The PDF is damaged or incomplete and cannot be opened. Upload an intact copy.") from error
    context.properties.update(
        {name: properties[key] for key, name in _PROPERTIES.items() if _is_meaningful(properties.get(key))}
    )
    context.title = properties.get("Title") if _is_meaningful(properties.get("Title")) else None
    return outline


def _is_meaningful(value: str | None) -> bool:
    return bool(value) and not _PLACEHOLDER.fullmatch(value or "")


def _outline(document: Any) -> Outline:
    levels: Outline = {}
    for bookmark in islice(document.get_toc(), _MAX_BOOKMARKS):
        destination = bookmark.get_dest()
        page = destination.get_index() if destination else None
        if page is not None:
            levels.setdefault((page + 1, one_line(bookmark.get_title()).casefold()), bookmark.level + 1)
    return levels
