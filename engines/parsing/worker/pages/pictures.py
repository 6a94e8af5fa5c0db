"""A page that is a picture gets the lines that are seen in it; from there on it is a page like all others."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from engines.parsing.cleaning import one_line
from engines.parsing.worker.pages.order import in_reading_order
from engines.parsing.worker.pages.page import Line, Page
from engines.parsing.worker.pages.turning import read_as_held
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.recognizer import RecognizedLine, Recognizer, mean_confidence

_SAME_SIZE = 1.2
_BODY = 1.35
"""Measured boxes of one font differ: with capitals and tails they are higher. Larger ones are of another size."""


class LetterSizes:
    """The sizes of letters in one document. What differs less than boxes do is the same, or every line were a heading."""

    def __init__(self) -> None:
        self._known: list[float] = []

    def settle(self, height: float) -> float:
        for known in self._known:
            if 1 / _SAME_SIZE < height / known < _SAME_SIZE:
                return known
        self._known.append(height)
        return height

    def even_out(self, lines: Sequence[Line]) -> list[Line]:
        if not lines:
            return []
        body = self.settle(median(line.height for line in lines for _ in line.text))
        return [_with_height(line, self._of(line, body)) for line in lines]

    def _of(self, line: Line, body: float) -> float:
        return body if 1 / _BODY < line.height / body < _BODY else self.settle(line.height)


def _with_height(line: Line, height: float) -> Line:
    middle = (line.top + line.bottom) / 2
    return replace(line, top=middle - height / 2, bottom=middle + height / 2)


def read_picture(
    page: Page, pixels: Any, scale: float, recognizer: Recognizer, sizes: LetterSizes, reading: Reading
) -> None:
    """`scale`: pixels of a point. Lines that the page has already stay as they are."""
    turns, found = (0, recognizer.lines(pixels)) if page.lines else read_as_held(pixels, recognizer)
    page.turn(turns)
    reading.pages_looked_at += 1
    lines = [line for each in found if (line := _line(each, scale)) and not _is_known(line, page.lines)]
    page.recognized = len(lines)
    page.confidence = mean_confidence(found)
    page.lines = in_reading_order([*page.lines, *sizes.even_out(lines)])


def _line(found: RecognizedLine, scale: float) -> Line | None:
    text = one_line(found.text)
    box = (found.left / scale, found.top / scale, found.right / scale, found.bottom / scale)
    return Line(text, *box) if text and box[3] > box[1] else None


def _is_known(line: Line, known: Sequence[Line]) -> bool:
    """Whether it is a line of the page's own, which was seen in its picture once more."""
    for own in known:
        across = min(line.right, own.right) - max(line.left, own.left)
        down = min(line.bottom, own.bottom) - max(line.top, own.top)
        if across > (line.right - line.left) / 2 and down > min(own.height, line.height) / 2:
            return True
    return False
