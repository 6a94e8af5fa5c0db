"""PDF, by docling's native parser: no layout model, no hub, some hundred pages a second.

The pages come one after another from a thread of the parser and are held in batches, so that memory stays bounded.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from engines.parsing.block import Block
from engines.parsing.cleaning import clean, one_line
from engines.parsing.formats.format import Format
from engines.parsing.limits import check_pages
from engines.parsing.pages.margins import Margins
from engines.parsing.pages.page import Line, Page
from engines.parsing.pages.paragraphs import Typography, blocks_of_page
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_BATCH = 16
_MARK_WITHIN = 1024
_NO_TITLE = re.compile(r"\(?(untitled|anonymous|unspecified)\)?|microsoft \w+ - .*|.*\.(docx?|tex|dvi|indd|qxd|pdf|rtf)", re.I)
_PROPERTIES = {"Author": "author", "Subject": "subject", "Keywords": "keywords", "Title": "title", "CreationDate": "created"}


def recognize(specimen: Specimen) -> str | None:
    return "application/pdf" if b"%PDF-" in specimen.head[:_MARK_WITHIN] else None


def read(reading: Reading) -> Iterator[Block]:
    _inspect(reading)
    reading.pages_with_text = reading.pictures = 0
    margins, heights, bold = Margins(), Counter[float](), Counter[bool]()
    pages = _pages(reading)
    outline: dict[tuple[int, str], int] = next(pages)  # type: ignore[assignment]  # first the outline, then the pages
    while batch := list(islice(pages, _BATCH)):
        for page in batch:
            _measure(page, heights, bold)
        body = heights.most_common(1)[0][0] if heights else 10.0
        margins.strip(batch, body)
        typography = Typography(body, bold[True] > bold[False], outline)
        for page in batch:
            yield from blocks_of_page(page, typography)
            reading.fraction = page.number / max(1, reading.page_count or 1)
    _check_coverage(reading)


def _inspect(reading: Reading) -> None:
    """Password, page count and properties, by pdfium: it tells a missing password from a damaged file."""
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        document = pypdfium2.PdfDocument(reading.path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise DocumentUnreadable(
                ErrorCode.ENCRYPTED_DOCUMENT,
                "The PDF is protected by a password. Save it without one and upload it again.",
            ) from error
        raise _damaged("The PDF is damaged or cut off and cannot be opened.") from error
    try:
        reading.page_count = len(document)
        properties = {key: one_line(value) for key, value in document.get_metadata_dict(skip_empty=True).items()}
    finally:
        document.close()
    check_pages(reading.page_count, reading.limits.pages)
    reading.properties.update({name: properties[key] for key, name in _PROPERTIES.items() if properties.get(key)})
    title = properties.get("Title", "")
    reading.title = None if not title or _NO_TITLE.fullmatch(title) else title


def _damaged(message: str) -> DocumentUnreadable:
    return DocumentUnreadable(ErrorCode.CORRUPT_DOCUMENT, message)
