"""Page headers, page footers and bare page numbers, found by their repetition at the same place and left out.

Pages are looked at in batches. Only lines near the top or bottom edge, no larger than the body, are ever left out, and
only those that come back on three pages or more: whole, or with a number that counts with the pages.
"""

import re
from collections import Counter
from collections.abc import Iterator

from engines.parsing.worker.pages.page import Line, Page

_MARGIN = 0.12
"""Of the page's height, from either edge."""
_FEWEST_PAGES = 3
_LONGEST = 200
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-–—\s|]*((page|seite|p\.)\s*)?(\d{1,4}|[ivxl]{1,6})(\s*(of|/|von)\s*\d{1,4})?[-–—\s|]*", re.I
)

Key = tuple[str, int]


class Margins:
    """Remembers over the batches of one document what repeats."""

    def __init__(self) -> None:
        self._pages_with: Counter[Key] = Counter()

    def strip(self, pages: list[Page], body_height: float) -> None:
        """Take repeated lines off the pages of a batch, in place."""
        for page in pages:
            self._pages_with.update({key for line in _marginal(page, body_height) for key in _keys(line, page)})
        for page in pages:
            dropped = {id(line) for line in _marginal(page, body_height) if self._repeats(line, page)}
            page.lines = [line for line in page.lines if id(line) not in dropped]

    def _repeats(self, line: Line, page: Page) -> bool:
        if _PAGE_NUMBER.fullmatch(line.text) and _is_outermost(line, page):
            return True
        return any(self._pages_with[key] >= _FEWEST_PAGES for key in _keys(line, page))


def _marginal(page: Page, body_height: float) -> Iterator[Line]:
    for line in page.lines:
        near_edge = line.bottom < page.height * _MARGIN or line.top > page.height * (1 - _MARGIN)
        if near_edge and line.height <= body_height * 1.25 and len(line.text) <= _LONGEST:
            yield line


def _is_outermost(line: Line, page: Page) -> bool:
    above = any(other.bottom <= line.top for other in page.lines)
    below = any(other.top >= line.bottom for other in page.lines)
    return len(page.lines) > 1 and not (above and below)


def _keys(line: Line, page: Page) -> Iterator[Key]:
    """The text at its height on the page, as it is and with each of its numbers counted from the page's number."""
    place = round(line.top / 4)
    yield line.text.strip(), place
    for match in _NUMBER.finditer(line.text):
        if len(match.group()) <= 6:
            counted = int(match.group()) - page.number
            yield f"{line.text[: match.start()]}<{counted}>{line.text[match.end() :]}".strip(), place
