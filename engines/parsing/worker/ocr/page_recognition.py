"""OCR of one page: adds the lines that are recognized in the page's image to the text of the file."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.ocr.orientation import recognize_upright
from engines.parsing.worker.ocr.recognizer import RecognizedLine, Recognizer, mean_confidence
from engines.parsing.worker.pages.page_spans import Page, Span
from engines.parsing.worker.parse_context import ParseContext

_SAME_SIZE_RATIO = 1.2
"""Maximum ratio of two line heights that are mapped to one font size."""
_BODY_SIZE_RATIO = 1.35
"""Maximum ratio of a line's height to the height of body lines, up to which the line gets the font size of the body text.

The boxes of lines in one font differ in height: they are higher for lines with capitals and descenders.
"""


class FontSizes:
    """Font sizes of one document, estimated from line heights.

    Similar heights are mapped to one size. Otherwise small differences between boxes would turn body lines into headings.
    """

    def __init__(self) -> None:
        self._known: list[float] = []

    def size_of(self, height: float) -> float:
        """Return the recorded font size that is close to a line height; without one, record the height as a new size."""
        for known in self._known:
            if 1 / _SAME_SIZE_RATIO < height / known < _SAME_SIZE_RATIO:
                return known
        self._known.append(height)
        return height

    def normalize(self, lines: Sequence[Span]) -> list[Span]:
        """Return the lines of a page with their heights replaced by font sizes."""
        if not lines:
            return []
        body = self.size_of(median(line.height for line in lines for _ in line.text))
        return [_with_height(line, self._line_size(line, body)) for line in lines]

    def _line_size(self, line: Span, body: float) -> float:
        is_body = 1 / _BODY_SIZE_RATIO < line.height / body < _BODY_SIZE_RATIO
        return body if is_body else self.size_of(line.height)


def _with_height(line: Span, height: float) -> Span:
    middle = (line.top + line.bottom) / 2
    return line._replace(top=middle - height / 2, bottom=middle + height / 2)


def recognize_page(
    page: Page, pixels: Any, scale: float, recognizer: Recognizer, sizes: FontSizes, context: ParseContext
) -> None:
    """Recognize the text of a page in its image and add it to the page.

    `pixels` is the image as `Recognizer.lines` takes it, and `scale` is its number of pixels per point. Text that the file
    contains is kept; lines that are recognized at the same position are dropped.
    """
    turns, found = (0, recognizer.lines(pixels)) if page.has_text else recognize_upright(pixels, recognizer)
    page.rotate(turns)
    context.ocr_pages += 1
    lines = [line for each in found if (line := _line(each, scale)) and not _overlaps(line, page.spans)]
    page.recognized_lines = len(lines)
    page.confidence = mean_confidence(found)
    page.spans += sizes.normalize(lines)


def _line(found: RecognizedLine, scale: float) -> Span | None:
    text = one_line(found.text)
    box = (found.left / scale, found.top / scale, found.right / scale, found.bottom / scale)
    return Span(text, *box) if text and box[3] > box[1] else None


def _overlaps(line: Span, others: Sequence[Span]) -> bool:
    """Return True if other spans cover more than half of a line's width.

    A span counts only if the vertical overlap is more than half of the line's height and more than half of the span's.
    """
    covered = 0.0
    for other in others:
        height = min(line.bottom, other.bottom) - max(line.top, other.top)
        if height > min(other.height, line.height) / 2:
            covered += max(0.0, min(line.right, other.right) - max(line.left, other.left))
    return covered > (line.right - line.left) / 2
