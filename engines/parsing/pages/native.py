"""Pages of a PDF by docling's native parser, one after the other, and how many of them gave text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engines.parsing.cleaning import clean
from engines.parsing.pages.cells import split_lines
from engines.parsing.pages.page import Line, Page
from engines.parsing.reading import Reading
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_LEADERS = re.compile(r"\s*(\. ?){5,}\s*")
"""The dots between an entry and its page number."""
_SCANNED = "are images without text; recognizing text in images is not built in yet"


def damaged(message: str) -> DocumentUnreadable:
    return DocumentUnreadable(ErrorCode.CORRUPT_DOCUMENT, message)


@dataclass(slots=True)
class Coverage:
    """How many of the pages gave text, pictures or nothing at all."""

    read: set[int] = field(default_factory=set)
    with_text: int = 0
    only_pictures: set[int] = field(default_factory=set)
    blank: set[int] = field(default_factory=set)
    pictures: int = 0

    def judge(self, reading: Reading) -> None:
        """Raises `DocumentUnreadable`, where what was found is not the document."""
        pages = reading.page_count or 0
        reading.pages_with_text, reading.pictures = self.with_text, self.pictures
        lost = [number for number in range(1, pages + 1) if number not in self.read]
        if len(lost) > pages / 2 or (lost and not self.with_text):
            raise damaged(f"The PDF is damaged: {len(lost):,} of {pages:,} pages cannot be read.")
        if not self.with_text:
            scanned = f"{len(self.only_pictures):,} of {pages:,} pages {_SCANNED}."
            empty = f"{pages:,} of {pages:,} pages are empty."
            raise DocumentUnreadable(ErrorCode.NO_TEXT, scanned if self.only_pictures else empty)
        reading.note_missing(lost, pages, "pages", "are damaged and left out")
        pictured, blank = sorted(self.only_pictures), sorted(self.blank)
        reading.note_missing(pictured, pages, "pages", "are images without text and could not be read")
        reading.note_missing(blank, pages, "pages", "have no text")


def native_pages(reading: Reading, coverage: Coverage, ahead: int) -> Iterator[Page]:
    """One thread decodes ahead, by some pages; with a single one the pages come in order."""
    from docling_parse.pdf_parser import ContentConfig, ContentLevel, DoclingThreadedPdfParser, ThreadedPdfParserConfig

    content = ContentConfig(
        char_cells_content_level=ContentLevel.COMPUTE,
        shapes_content_level=ContentLevel.SKIP,
        include_bitmap_bytes=False,
    )
    config = ThreadedPdfParserConfig(threads=1, max_concurrent_results=ahead, page_content_config=content)
    parser = DoclingThreadedPdfParser(parser_config=config)
    try:
        key = parser.load(reading.path)
    except (RuntimeError, ValueError) as error:
        raise damaged("The PDF is damaged and cannot be opened.") from error
    try:
        for result in parser.iterate_results():
            if page := _page(result, coverage):
                yield page
    finally:
        while parser.has_tasks():
            parser.get_task()
        parser.unload(key)


def _page(result: Any, coverage: Coverage) -> Page | None:
    if not result.success:
        return None
    content = result.get_page()
    coverage.read.add(result.page_number)
    height = result.page_height
    lines = [line for cell in content.textline_cells if (line := _line(cell, height))]
    words = [word for cell in content.word_cells if (word := _line(cell, height))]
    lines = split_lines(lines, words)
    page = Page(result.page_number, result.page_width, height, lines, len(content.bitmap_resources))
    coverage.with_text += bool(lines)
    coverage.pictures += page.pictures
    if not lines:
        (coverage.only_pictures if page.pictures else coverage.blank).add(page.number)
    return page


def _line(cell: Any, page_height: float) -> Line | None:
    """A soft hyphen at the end stays until lines are joined: it says that a word goes on."""
    goes_on = cell.text.endswith("\xad")
    text = _LEADERS.sub(" … ", clean(cell.text)) + ("\u2010" if goes_on else "")
    if not text.strip():
        return None
    rect = cell.rect
    across = (rect.r_x0, rect.r_x1, rect.r_x2, rect.r_x3)
    up = (rect.r_y0, rect.r_y1, rect.r_y2, rect.r_y3)
    return Line(text, min(across), page_height - max(up), max(across), page_height - min(up), cell.font_name)
