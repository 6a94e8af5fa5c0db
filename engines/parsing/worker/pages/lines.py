"""Lines of a page: spans at the same height, grouped into cells. The gap between two cells is wider than a usual space."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.pages.page_spans import Span
from records.document import BoundingBox

CELL_GAP = 1.0
"""Minimum gap between two cells of a line, in font sizes."""
_SAME_LINE = 0.5
"""Maximum vertical distance between the middles of two spans of one line, in font sizes."""
_SMALL_RATIO = 0.85
"""Ratio of a span's font size to that of the line beside it, below which the span can be a superscript or subscript."""
_GLUED = 0.1
"""Maximum gap between two spans that are parts of one word, in font sizes."""
_UNSPACED_GAP = 0.5
"""Maximum gap between two characters of a script without spaces, between which no space is inserted, in font sizes."""
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u31c0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
    r"\U00020000-\U0003ffff"
)
"""Ranges of the characters of scripts without spaces between words, for a regular expression.

The scripts are Thai, Lao, Burmese, Khmer, Chinese and Japanese, with their punctuation.
"""
_ENDS_UNSPACED = re.compile(f"[{_UNSPACED}]$")
_BEGINS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_LEADERS = re.compile(r"\s*(?:[.·…_] ?){5,}\s*")
"""Dots or strokes between an entry of a table of contents and its page number."""
_LIST_MARKER = re.compile(r"(?:[•◦▪‣·●○■□➢➤✓⁃–—*-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|\([ivxIVX]{1,5}\)|[ivx]{1,4}[.)])")
_BULLET = re.compile(r"[☐☑☒•◦▪‣●■□➢➤✓]")
_BULLET_GAP = 3.0
"""Maximum gap between a bullet or a check box and the text that belongs to it, in font sizes."""


class Cell:
    """Adjacent spans of a line, from left to right."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans
        self.left, self.right = spans[0].left, max(span.right for span in spans)

    @cached_property
    def text(self) -> str:
        """The text on one line. Dot leaders of a table of contents are replaced by an ellipsis."""
        return _LEADERS.sub(" … ", one_line(joined_spans(self.spans))).strip()

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        """The largest font size of the spans, in points."""
        return max(span.height for span in self.spans)

    @property
    def is_bold(self) -> bool:
        return all(span.is_bold for span in self.spans)


class Line:
    """The cells at one height of a page or of a column, from left to right."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = cells
        spans = [span for cell in cells for span in cell.spans]
        sizes = Counter[float]()
        for span in spans:
            sizes[round(span.height, 1)] += len(span.text)
        self.height = max(sizes, key=lambda size: (sizes[size], size))
        regular = [span for span in spans if span.height >= self.height * _SMALL_RATIO]
        self.left, self.right = cells[0].left, max(cell.right for cell in cells)
        self.top, self.bottom = min(span.top for span in regular), max(span.bottom for span in regular)
        self.is_bold = all(span.is_bold for span in spans)
        self.is_monospaced = all(span.is_monospaced for span in spans)

    @cached_property
    def text(self) -> str:
        """The text of all cells, separated by spaces."""
        cells = reversed(self.cells) if is_right_to_left(self.cells) else self.cells
        return " ".join(cell.text for cell in cells)

    @property
    def spans(self) -> list[Span]:
        return [span for cell in self.cells for span in cell.spans]

    @property
    def middle(self) -> float:
        """The horizontal middle of the line, in points from the left edge of the page."""
        return (self.left + self.right) / 2

    @property
    def has_cells(self) -> bool:
        """True if the line has more than one cell."""
        return len(self.cells) > 1


def lines_of(spans: Iterable[Span]) -> list[Line]:
    """Group spans, which may be in any order, into lines from top to bottom."""
    rows = _merge_small(_rows(sorted(spans, key=_middle)))
    lines = []
    for row in rows:
        cells = list(_cells(sorted(row, key=lambda span: span.left)))
        if cells:
            lines.append(Line(cells))
    return sorted(lines, key=lambda line: line.bottom)


def _middle(span: Span) -> float:
    return (span.top + span.bottom) / 2


def _rows(spans: Sequence[Span]) -> list[list[Span]]:
    """Group the spans that are at the same height. `spans` must be sorted by their vertical middle."""
    rows: list[list[Span]] = []
    for span in spans:
        first = rows[-1][0] if rows else None
        if first and _middle(span) - _middle(first) <= _SAME_LINE * min(span.height, first.height):
            rows[-1].append(span)
        else:
            rows.append([span])
    return rows


def _merge_small(rows: list[list[Span]]) -> list[list[Span]]:
    """Move superscripts and subscripts into the line that they belong to."""
    merged: list[list[Span]] = []
    sizes = [max(span.height for span in row) for row in rows]
    for number, row in enumerate(rows):
        target = None
        for other in (number - 1, number + 1):
            if (
                0 <= other < len(rows)
                and sizes[number] < _SMALL_RATIO * sizes[other]
                and _is_attached(row, rows[other])
            ):
                target = rows[other]
        if target is None:
            merged.append(row)
        else:
            target.extend(row)
    return merged


def _is_attached(row: Sequence[Span], line: Sequence[Span]) -> bool:
    """Return True if each span of `row` overlaps the height of a span of `line` and is next to it."""
    return all(
        any(
            min(span.bottom, other.bottom) - max(span.top, other.top) > span.height / 3
            and -0.3 * other.height < max(span.left - other.right, other.left - span.right) < 0.5 * other.height
            for other in line
        )
        for span in row
    )


def _cells(spans: Sequence[Span]) -> Iterator[Cell]:
    """Divide the spans of a line into cells at wide gaps. A list marker and the text after it stay in one cell."""
    cell: list[Span] = []
    first = True
    for span in spans:
        gap = span.left - max(other.right for other in cell[-3:]) if cell else 0.0
        if cell and gap > CELL_GAP * max(span.height, cell[-1].height):
            is_marker = first and len(cell) == 1 and _is_marker(cell[0].text)
            is_bullet = len(cell) == 1 and _BULLET.fullmatch(cell[0].text) and gap < _BULLET_GAP * span.height
            if not is_marker and not is_bullet:
                yield Cell(cell)
                cell, first = [], False
        cell.append(span)
    if cell:
        yield Cell(cell)


def _is_marker(text: str) -> bool:
    return bool(_LIST_MARKER.fullmatch(text))


def joined_spans(spans: Sequence[Span]) -> str:
    """Return the text of spans of one line, which must be sorted from left to right."""
    if any(_is_rtl(span.text) for span in spans):
        spans = _in_rtl_order(spans)
        return " ".join(span.text for span in spans)
    parts = [spans[0].text]
    for before, span in pairwise(spans):
        parts += (_separator(before, span), span.text)
    return "".join(parts)


def _separator(before: Span, span: Span) -> str:
    gap = (span.left - before.right) / max(before.height, span.height, 0.1)
    if -_GLUED * 3 < gap < _GLUED and not span.follows_space:
        return ""
    is_unspaced = _ENDS_UNSPACED.search(before.text) and _BEGINS_UNSPACED.match(span.text)
    return "" if is_unspaced and gap < _UNSPACED_GAP else " "


def line_separator(before: str, after: str) -> str:
    """Return the separator of two lines that are joined to a paragraph: usually a space.

    It is empty in a script without spaces, and after a line that ends in `_`, which is the first half of an identifier.
    """
    if before.endswith("_"):
        return ""
    return "" if _ENDS_UNSPACED.search(before) and _BEGINS_UNSPACED.match(after) else " "


def is_right_to_left(cells: Sequence[Cell]) -> bool:
    """Return True if most letters of the cells belong to scripts that run from right to left."""
    text = "".join(cell.text for cell in cells)
    if text.isascii():
        return False
    kinds = Counter(unicodedata.bidirectional(character) for character in text)
    return kinds["R"] + kinds["AL"] > kinds["L"]


def _is_rtl(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def _in_rtl_order(spans: Sequence[Span]) -> list[Span]:
    """Return the words of a line in the order of reading: from right to left, but consecutive Latin words left to right."""
    ordered: list[Span] = []
    run: list[Span] = []
    for span in reversed(spans):
        if _is_rtl(span.text):
            ordered += reversed(run)
            run = []
            ordered.append(span)
        else:
            run.append(span)
    return ordered + run[::-1]


def box_around(lines: Iterable[Line], page: int) -> BoundingBox:
    """Return the smallest box around all of the lines, in points rounded to tenths. `page` is the number of their page."""
    lines = list(lines)
    return BoundingBox(
        page=page,
        left=round(min(line.left for line in lines), 1),
        top=round(min(line.top for line in lines), 1),
        right=round(max(line.right for line in lines), 1),
        bottom=round(max(line.bottom for line in lines), 1),
    )
