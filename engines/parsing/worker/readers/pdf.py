"""PDF, read with pdfium. The layout is inferred from the positions of the words. Scanned pages are read by OCR.

Pages are processed in batches, so that memory stays bounded.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from engines.parsing.parsing_limits import check_pages
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, PageDone, Separator
from engines.parsing.worker.ocr.scanned_pages import recognize_scanned_pages
from engines.parsing.worker.pages.page_blocks import blocks_of_pages
from engines.parsing.worker.pages.page_coverage import PageCoverage, damaged
from engines.parsing.worker.pages.typography import Outline
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.pdf.pdf_annotations import attachment_names
from engines.parsing.worker.pdf.pdf_pages import read_pages
from engines.parsing.worker.pdf.xfa_form import has_xfa, read_xfa_values
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_MAX_BOOKMARKS = 10_000
_MAX_NAMED_ATTACHMENTS = 20
_PLACEHOLDER = re.compile(
    r"\(?(untitled|anonymous|unspecified|unknown|no ?title|title)\)?( document)?\d*|microsoft \w+ - .*|"
    r"(powerpoint|word|excel|pdf) (presentation|document|worksheet|workbook|file)|"
    r"(slide|page|sheet|document|presentation) ?\d*|"
    r".*\.(docx?|docm|tex|dvi|indd|qxd|pdf|rtf|pptx?|xlsx?|odt|p?md|html?|fm|pub|ai|eps|ps)|https?://\S+|about:blank",
    re.I,
)
"""Property values that programs insert by themselves, such as placeholders, file names and addresses."""
_PROPERTIES = {
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "Title": "title",
    "CreationDate": "created",
}


def read(context: ParseContext) -> Iterator[Block | PageDone]:
    """Yield the blocks of all pages. Raises `DocumentUnreadable` for a damaged or encrypted file, or one without text."""
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        document = pypdfium2.PdfDocument(context.path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise DocumentUnreadable(
                ErrorCode.ENCRYPTED_DOCUMENT, "The PDF is encrypted. Remove the password and upload it again."
            ) from error
        raise damaged("The PDF is damaged or incomplete and cannot be opened. Upload an intact copy.") from error
    with document:
        yield from _blocks(document, context)


def _blocks(document: Any, context: ParseContext) -> Iterator[Block | PageDone]:
    context.page_count = len(document)
    check_pages(context.page_count, context.limits.pages)
    outline = _read_properties(document, context)
    attachments = attachment_names(document)
    values: list[tuple[str, str]] = []
    if has_xfa(document):
        values = read_xfa_values(document)
    else:
        document.init_forms()
    coverage = PageCoverage()
    pages = recognize_scanned_pages(read_pages(document, attachments), context)
    yield from _value_blocks(values)
    yield from blocks_of_pages(pages, context, outline, coverage)
    coverage.report(context)
    _warn(context, attachments, has_xfa(document), len(values))


def _value_blocks(values: Sequence[tuple[str, str]]) -> Iterator[Block]:
    """Yield a line with label and value for each filled field of an XFA form. The pages do not show these values."""
    separator = Separator.BLANK_LINE
    for label, value in values:
        yield Block(BlockKind.PARAGRAPH, f"{label}: {value}", page=1, separator=separator)
        separator = Separator.NEWLINE


def _warn(context: ParseContext, attachments: Sequence[str], is_xfa: bool, values: int) -> None:
    if is_xfa and values:
        context.warnings.append(
            f"The file is an XFA form. Its {values:,} filled fields were read, but not the texts around them. "
            "Print the form to a new PDF and upload that, if they are needed."
        )
    elif is_xfa:
        context.warnings.append(
            "The file is an XFA form, which was not read: no filled field was found. "
            "Print the form to a new PDF and upload that."
        )
    if attachments:
        names = ", ".join(attachments[:_MAX_NAMED_ATTACHMENTS])
        more = ", …" if len(attachments) > _MAX_NAMED_ATTACHMENTS else ""
        context.warnings.append(
            f"{len(attachments):,} attached files were not read: {names}{more}. Upload them separately."
        )


def _read_properties(document: Any, context: ParseContext) -> Outline:
    """Set the properties and the title of the document, and return its bookmarks."""
    properties = {key: one_line(value) for key, value in document.get_metadata_dict(skip_empty=True).items()}
    context.properties.update(
        {name: properties[key] for key, name in _PROPERTIES.items() if _is_meaningful(properties.get(key))}
    )
    context.title = properties.get("Title") if _is_meaningful(properties.get("Title")) else None
    return _outline(document)


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
