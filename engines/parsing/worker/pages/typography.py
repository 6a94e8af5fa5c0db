"""Typography of a document: statistics over the pages read so far, by which headings are detected."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.pages.lines import Line

Outline = dict[tuple[int, str], int]
"""Levels of a file's bookmarks, 1 for the outermost. The key is the page number and the casefolded title on one line."""

LIST_ITEM = re.compile(r"([•◦▪‣·●○■□➢➤✓–—*]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|\([ivx]{1,5}\))\s+\S")
_HEADING_NUMBER = re.compile(r"((chapter|section|part|appendix|item|note|kapitel)\s+)?[\dIVX]+(\.\d+)*\.?\s+\S", re.I)
_DOTTED_NUMBER = re.compile(r"((?:\d+|[A-Z](?=\.\d))(?:\.\d+)*)\.?\s+(?=\S)")
_MAX_HEADING_LENGTH = 200
_MAX_BOLD_LENGTH = 110
_MAX_BOLD_LINES = 2
_MIN_HEADING_RATIO = 1.12
"""Minimum ratio of a heading's font size to the body's."""
_LEVEL_RATIOS = (1.7, 1.35)
"""Minimum ratios for headings of the levels 1 and 2. Smaller headings have level 3."""
_BOLD_LEVEL = len(_LEVEL_RATIOS) + 2
_DEFAULT_HEIGHT = 10.0
"""Font size of the body text, in points, if no line has been measured."""


class Typography:
    """Font size and weight of the body text, and the bookmarks of the file."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._heights = Counter[float]()
        self._bold = Counter[bool]()
        self._monospaced = Counter[bool]()

    def measure(self, lines: Iterable[Line]) -> None:
        """Add the lines of a page to the statistics."""
        for line in lines:
            length = len(line.text)
            self._heights[round(line.height * 2) / 2] += length
            self._bold[line.is_bold] += length
            self._monospaced[line.is_monospaced] += length

    @property
    def body_height(self) -> float:
        """The most frequent font size, in points."""
        return self._heights.most_common(1)[0][0] if self._heights else _DEFAULT_HEIGHT

    @property
    def is_monospaced(self) -> bool:
        """True if most of the text is in a monospaced font, so that such a font does not mark listings."""
        return self._monospaced[True] > self._monospaced[False]

    def level(self, lines: Sequence[Line], text: str, page: int) -> int:
        """Return the heading level of a text, or 0 if it is not a heading.

        `lines` are the lines that contain the text. A bookmark with this text decides first, then font size, then weight.
        """
        if level := self.outline.get((page, one_line(text).casefold())):
            return level
        if len(text) > _MAX_HEADING_LENGTH or len(lines) > 3 or any(has_wide_gap(line) for line in lines):
            return 0
        if not any(character.isalpha() for character in text) or text.endswith((".", ",", ";")) or "… " in text:
            return 0
        ratio = lines[0].height / self.body_height
        if ratio >= _MIN_HEADING_RATIO:
            return self._level_of_larger(text, ratio, page)
        return _BOLD_LEVEL if self._is_bold_heading(lines, text, ratio) else 0

    def _is_bold_heading(self, lines: Sequence[Line], text: str, ratio: float) -> bool:
        is_body = self._bold[True] > self._bold[False]
        if not all(line.is_bold for line in lines) or is_body or text.endswith(":") or ratio < 0.9:
            return False
        is_short = len(lines) <= _MAX_BOLD_LINES and len(text) <= _MAX_BOLD_LENGTH
        return is_short and bool(_HEADING_NUMBER.match(text) or text[:1].isupper())

    def _level_of_larger(self, text: str, ratio: float, page: int) -> int:
        """Return the level of a heading whose font size is `ratio` times that of the body text.

        If the heading has a number, a bookmark with the rest of its text decides. Without such a bookmark, the level
        follows from the font size, but is at least the count of the number's parts: 2 for `2.1 Names`.
        """
        number = _DOTTED_NUMBER.match(text)
        if not number:
            return _level_of_size(ratio)
        bookmarked = self.outline.get((page, one_line(text[number.end() :]).casefold()))
        return bookmarked or max(_level_of_size(ratio), number[1].count(".") + 1)


def _level_of_size(ratio: float) -> int:
    return next((level for level, least in enumerate(_LEVEL_RATIOS, 1) if ratio >= least), len(_LEVEL_RATIOS) + 1)


_WIDE_GAP = 2.5
"""Gap, in font sizes, that is wider than any space in a justified line of prose."""


def has_wide_gap(line: Line) -> bool:
    """Return True if two cells of a line are further apart than words of justified prose can be."""
    pairs = zip(line.cells, line.cells[1:], strict=False)
    return any(after.left - before.right > _WIDE_GAP * before.height for before, after in pairs)
