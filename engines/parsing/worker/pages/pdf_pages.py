"""Pages of a PDF, read one after another with docling's native parser."""

import re
from collections.abc import Iterator
from typing import Any

from engines.parsing.text_cleaning import clean_text
from engines.parsing.worker.pages.cell_splitting import split_lines
from engines.parsing.worker.pages.page_coverage import damaged
from engines.parsing.worker.pages.page_lines import Line, Page
from engines.parsing.worker.parse_context import ParseContext

_LEADERS = re.compile(r"\s*(\. ?){5,}\s*")
"""Dots between an entry of a table of contents and its page number."""


def read_pdf_pages(context: ParseContext, ahead: int) -> Iterator[Page]:
    """Yield the pages in order, without the damaged ones. Raises `DocumentUnreadable` if the file cannot be opened.

    A thread of the parser decodes up to `ahead` pages in advance. With a single thread, the pages arrive in order.
    """
    from docling_parse.pdf_parser import ContentConfig, ContentLevel, DoclingThreadedPdfParser, ThreadedPdfParserConfig

    content = ContentConfig(
        char_cells_content_level=ContentLevel.COMPUTE,
        shapes_content_level=ContentLevel.SKIP,
        include_bitmap_bytes=False,
    )
    config = ThreadedPdfParserConfig(threads=1, max_concurrent_results=ahead, page_content_config=content)
    parser = DoclingThreadedPdfParser(parser_config=config)
    try:
        key = parser.load(context.path)
    except (RuntimeError, ValueError) as error:
        raise damaged("The PDF is damaged and cannot be opened. Upload an intact copy.") from error
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
    images = content.bitmap_resources
    image_share = sum(_area(image.rect) for image in images) / max(1.0, width * height)
    return Page(result.page_number, width, height, split_lines(lines, words), len(images), min(1.0, image_share))


def _area(rect: Any) -> float:
    return float(abs(rect.r_x2 - rect.r_x0) * abs(rect.r_y2 - rect.r_y0))


def _line(cell: Any, page_height: float) -> Line | None:
    """Convert a cell, whose coordinates start at the bottom left corner; return None for a cell without text.

    A soft hyphen at the end is kept as U+2010: it shows that the word continues on the next line.
    """
    is_hyphenated = cell.text.endswith("\xad")
    text = _LEADERS.sub(" … ", clean_text(cell.text)) + ("\u2010" if is_hyphenated else "")
    if not text.strip():
        return None
    rect = cell.rect
    xs = (rect.r_x0, rect.r_x1, rect.r_x2, rect.r_x3)
    ys = (rect.r_y0, rect.r_y1, rect.r_y2, rect.r_y3)
    return Line(text, min(xs), page_height - max(ys), max(xs), page_height - min(ys), cell.font_name)
