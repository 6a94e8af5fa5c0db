"""Removal of page headers, page footers and page numbers, which are detected by their repetition in the same place.

Pages are processed in batches. Only lines near the top or bottom edge that are no larger than body text are ever removed:
bare page numbers, and lines that occur on at least three pages, unchanged or with a number that increases with the page.
"""

import re
from collections import Counter
from collections.abc import Iterator

from engines.parsing.worker.pages.page_lines import Line, Page

_MARGIN = 0.12
"""Height of the zone at each edge, as a share of the page's height."""
_MIN_PAGES = 3
_MAX_LENGTH = 200
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-–—\s|]*((page|seite|p\.)\s*)?(\d{1,4}|[ivxl]{1,6})(\s*(of|/|von)\s*\d{1,4})?[-–—\s|]*", re.I
)

LineKey = tuple[str, int]
"""Text of a line and its height on the page, in steps of four points."""


class HeaderFooterFilter:
    """Removes repeated lines. The repetitions are counted over all batches of one document."""

    def __init__(self) -> None:
        self._pages_with: Counter[LineKey] = Counter()

    def remove_from(self, pages: list[Page], body_height: float) -> None:
        """Remove headers, footers and page numbers from the pages of a batch, in place."""
        for page in pages:
            self._pages_with.update({key for line in _lines_at_edges(page, body_height) for key in _keys(line, page)})
        for page in pages:
            removed = {id(line) for line in _lines_at_edges(page, body_height) if self._repeats(line, page)}
            page.lines = [line for line in page.lines if id(line) not in removed]

    def _repeats(self, line: Line, page: Page) -> bool:
        if _PAGE_NUMBER.fullmatch(line.text) and _is_outermost(line, page):
            return True
        return any(self._pages_with[key] >= _MIN_PAGES for key in _keys(line, page))


def _lines_at_edges(page: Page, body_height: float) -> Iterator[Line]:
    for line in page.lines:
        near_edge = line.bottom < page.height * _MARGIN or line.top > page.height * (1 - _MARGIN)
        if near_edge and line.height <= body_height * 1.25 and len(line.text) <= _MAX_LENGTH:
            yield line


def _is_outermost(line: Line, page: Page) -> bool:
    above = any(other.bottom <= line.top for other in page.lines)
    below = any(other.top >= line.bottom for other in page.lines)
    return len(page.lines) > 1 and not (above and below)


def _keys(line: Line, page: Page) -> Iterator[LineKey]:
    """Yield the line's text as it is, and with each of its numbers replaced by the difference to the page number."""
    place = round(line.top / 4)
    yield line.text.strip(), place
    for match in _NUMBER.finditer(line.text):
        if len(match.group()) <= 6:
            difference = int(match.group()) - page.number
            yield f"{line.text[: match.start()]}<{difference}>{line.text[match.end() :]}".strip(), place
