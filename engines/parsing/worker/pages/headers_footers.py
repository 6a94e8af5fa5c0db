"""Removal of page headers, page footers and page numbers, which are detected by their repetition at the same position.

A line is removed if it is near the top or bottom edge, is hardly larger than body text, and occurs on at least three pages,
either unchanged or with a number that increases with the page number. Text that is rotated against the page is removed
anywhere on the page if it occurs on three pages. The header of a table is kept although it is repeated on each page.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from engines.parsing.worker.pages.lines import Cell, Line
from engines.parsing.worker.pages.page_spans import Page, Span
from engines.parsing.worker.pages.tables.values import value_cells

_MARGIN = 0.12
"""Height of the zone at the top and bottom edge in which lines can be removed, as a share of the page's height."""
_MIN_PAGES = 3
_MAX_LENGTH = 200
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-–—\s|]*(?:(?:page|seite|p\.)\s*(\d{1,4})(?:\s*(?:of|/|von)\s*\d{1,4})?|[-–—]\s*(\d{1,4})\s*[-–—])[-–—\s|]*",
    re.I,
)
"""A page number with a word or dashes around it, such as `Page 3 of 9` or `- 3 -`."""
_MAX_TABLE_GAP = 2.5
"""Maximum gap between the header of a table and its first row, in line heights."""
_LINES_BELOW = 5
"""Lines below a possible header of a table that are searched for a row of that table."""

LineKey = tuple[str, int]
"""Text of a line and its distance from the top of the page, in units of four points."""


class HeaderFooterFilter:
    """Removes the repeated lines of one document. Repetitions are counted over all batches so far."""

    def __init__(self) -> None:
        self._pages_with: Counter[LineKey] = Counter()

    def remove_from(self, pages: Sequence[tuple[Page, list[Line]]], body_height: float) -> None:
        """Remove headers, footers and page numbers from the pages of a batch and from the lists of their lines, in place.

        `body_height` is the font size of the body text, in points.
        """
        for page, lines in pages:
            keys = {key for line in _lines_at_edges(page, lines, body_height) for key in _keys(line, page)}
            self._pages_with.update(keys)
            self._pages_with.update({(rotated.text, -1) for rotated in page.rotated_texts})
        for page, lines in pages:
            self._remove(page, lines, body_height)

    def _remove(self, page: Page, lines: list[Line], body_height: float) -> None:
        removed = [line for line in _lines_at_edges(page, lines, body_height) if self._repeats(line, page, lines)]
        kept = [line for line in lines if line not in removed]
        headers: list[Line] = []
        for line in sorted(removed, key=lambda each: -each.top):
            if _heads_table(line, kept) or _is_above(line, headers):
                headers.append(line)
                kept.append(line)
                removed.remove(line)
        spans: set[Span] = {span for line in removed for span in line.spans}
        if removed:
            page.spans = [span for span in page.spans if span not in spans]
            lines[:] = [line for line in lines if line not in removed]
        page.rotated_texts = [each for each in page.rotated_texts if self._pages_with[each.text, -1] < _MIN_PAGES]

    def _repeats(self, line: Line, page: Page, lines: Sequence[Line]) -> bool:
        number = _PAGE_NUMBER.fullmatch(line.text)
        if number and int(number[1] or number[2]) == page.number and len(lines) > 1:
            return True
        return any(self._pages_with[key] >= _MIN_PAGES for key in _keys(line, page))


def _lines_at_edges(page: Page, lines: Sequence[Line], body_height: float) -> Iterator[Line]:
    for line in lines:
        near_edge = line.bottom < page.height * _MARGIN or line.top > page.height * (1 - _MARGIN)
        if near_edge and line.height <= body_height * 1.25 and len(line.text) <= _MAX_LENGTH:
            yield line


def _heads_table(line: Line, lines: Sequence[Line]) -> bool:
    """Return True if a line can be the header of a table: each of its cells is above a cell of one line below."""
    if len(line.cells) < 2:
        return False
    before = line
    for below in sorted((other for other in lines if other.top >= line.bottom - 1), key=lambda other: other.top)[
        :_LINES_BELOW
    ]:
        if below.top - before.bottom > _MAX_TABLE_GAP * line.height:
            return False
        cells = value_cells(below)
        if len(cells) >= len(line.cells) and all(any(_overlap(cell, other) for other in cells) for cell in line.cells):
            return True
        before = below
    return False


def _is_above(line: Line, headers: Sequence[Line]) -> bool:
    """Return True if a line is directly above the header of a table, so that it can name a group of columns."""
    return any(
        0 <= header.top - line.bottom + 1 <= _MAX_TABLE_GAP * line.height
        and header.left < line.middle < header.right
        and line.right <= header.right + line.height
        for header in headers
    )


def _overlap(cell: Cell, other: Cell) -> bool:
    return min(cell.right, other.right) > max(cell.left, other.left)


def _keys(line: Line, page: Page) -> Iterator[LineKey]:
    """Yield the line's text as a key, then for each of its numbers a key with that number relative to the page number."""
    place = round(line.top / 4)
    yield line.text.strip(), place
    for match in _NUMBER.finditer(line.text):
        if len(match.group()) <= 6:
            difference = int(match.group()) - page.number
            yield f"{line.text[: match.start()]}<{difference}>{line.text[match.end() :]}".strip(), place
