"""Pages of a PDF by docling's native parser, one after the other."""

import re
from collections.abc import Iterator
from typing import Any

from engines.parsing.cleaning import clean
from engines.parsing.worker.pages.cells import split_lines
from engines.parsing.worker.pages.coverage import damaged
from engines.parsing.worker.pages.page import Line, Page
from engines.parsing.worker.reading import Reading

_LEADERS = re.compile(r"\s*(\. ?){5,}\s*")
"""The dots between an entry and its page number."""


def native_pages(reading: Reading, ahead: int) -> Iterator[Page]:
    """Without those that are damaged. One thread decodes ahead, by some pages; with a single one the pages come in order."""
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
            if result.success:
                yield _page(result)
    finally:
        while parser.has_tasks():
            parser.get_task()
        parser.unload(key)


def _page(result: Any) -> Page:
    content = result.get_page()
    width, height = result.page_width, result.page_height
    lines = [line for cell in content.textline_cells if (line := _line(cell, height))]
    words = [word for cell in content.word_cells if (word := _line(cell, height))]
    pictures = content.bitmap_resources
    pictured = sum(_area(picture.rect) for picture in pictures) / max(1.0, width * height)
    return Page(result.page_number, width, height, split_lines(lines, words), len(pictures), min(1.0, pictured))


def _area(rect: Any) -> float:
    return float(abs(rect.r_x2 - rect.r_x0) * abs(rect.r_y2 - rect.r_y0))


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
