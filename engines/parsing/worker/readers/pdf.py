"""PDF, by docling's native parser: no layout model, no hub, some hundred pages a second; scans by a recognizer.

The pages come one after another from a thread of the parser and are held in batches, so that memory stays bounded."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from engines.parsing.cleaning import one_line
from engines.parsing.limits import check_pages
from engines.parsing.worker.block import Block, PageDone
from engines.parsing.worker.pages.batches import BATCH, Outline, blocks_of_pages
from engines.parsing.worker.pages.coverage import Coverage, damaged
from engines.parsing.worker.pages.native import native_pages
from engines.parsing.worker.pages.scans import with_scans_read
from engines.parsing.worker.reading import Reading
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_MOST_BOOKMARKS = 10_000
_NO_TITLE = re.compile(
    r"\(?(untitled|anonymous|unspecified)\)?|microsoft \w+ - .*|.*\.(docx?|tex|dvi|indd|qxd|pdf|rtf)", re.I
)
_PROPERTIES = {
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "Title": "title",
    "CreationDate": "created",
}


def read(reading: Reading) -> Iterator[Block | PageDone]:
    outline = _inspect(reading)
    check_pages(reading.page_count or 0, reading.limits.pages)
    coverage = Coverage()
    pages = with_scans_read(native_pages(reading, ahead=BATCH), reading)
    yield from blocks_of_pages(pages, reading, outline, coverage)
    coverage.judge(reading)


def _inspect(reading: Reading) -> Outline:
    """Password, page count, properties and bookmarks, by pdfium: it tells a missing password from a damaged file."""
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        with pypdfium2.PdfDocument(reading.path) as document:
            reading.page_count = len(document)
            properties = {key: one_line(value) for key, value in document.get_metadata_dict(skip_empty=True).items()}
            outline = _outline(document)
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise DocumentUnreadable(
                ErrorCode.ENCRYPTED_DOCUMENT,
                "The PDF is protected by a password. Save it without one and upload it again.",
            ) from error
        raise damaged("The PDF is damaged or cut off and cannot be opened.") from error
    reading.properties.update(
        {name: properties[key] for key, name in _PROPERTIES.items() if _says(properties.get(key))}
    )
    reading.title = properties.get("Title") if _says(properties.get("Title")) else None
    return outline


def _says(value: str | None) -> bool:
    return bool(value) and not _NO_TITLE.fullmatch(value or "")


def _outline(document: Any) -> Outline:
    levels: Outline = {}
    for bookmark in islice(document.get_toc(), _MOST_BOOKMARKS):
        destination = bookmark.get_dest()
        page = destination.get_index() if destination else None
        if page is not None:
            levels.setdefault((page + 1, one_line(bookmark.get_title()).casefold()), bookmark.level + 1)
    return levels
