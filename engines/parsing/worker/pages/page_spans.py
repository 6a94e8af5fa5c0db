"""Pages and their content, as pdfium or OCR returns it: spans of text with their positions, and drawn lines."""

from dataclasses import dataclass, field
from typing import NamedTuple

from records.document import BoundingBox

_SCANNED_SHARE = 0.6
"""Minimum share of a page's area that images cover on a scan with little text."""
_LITTLE_TEXT = 200
"""Maximum length, in characters, of the text that a scan can have besides its image, such as a stamp or page number."""


class Span(NamedTuple):
    """A piece of text that is never divided: a word of a PDF, or a line recognized by OCR.

    The box is in points from the page's top left corner. Its height is the font size.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    font: str = ""
    is_bold: bool = False
    is_monospaced: bool = False
    follows_space: bool = False
    "True if the file has a space before the text. The gap to the span before it can be too narrow to show that."

    @property
    def height(self) -> float:
        return self.bottom - self.top


class Ruling(NamedTuple):
    """A straight line that is drawn on a page, horizontal or vertical, in points from the page's top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def is_horizontal(self) -> bool:
        return self.right - self.left >= self.bottom - self.top

    @property
    def middle(self) -> float:
        """The distance in points from the top of the page for a horizontal line, from its left edge for a vertical one."""
        return (self.top + self.bottom) / 2 if self.is_horizontal else (self.left + self.right) / 2


@dataclass(slots=True)
class Page:
    """A page with its text in no particular order. Lengths are in points."""

    number: int
    width: float
    height: float
    spans: list[Span]
    rulings: list[Ruling] = field(default_factory=list)
    rotated_texts: list[Span] = field(default_factory=list)
    "Texts that run in another direction than the rest of the page, such as stamps. Each has its upright bounding box."
    notes: list[str] = field(default_factory=list)
    "Comments attached to the page."
    images: int = 0
    image_share: float = 0.0
    "Share of the page's area that images cover, 0 to 1."
    ocr_skipped: bool = False
    "True for a page that needed OCR but could not be passed to it."
    recognized_lines: int = 0
    "Lines found by OCR."
    confidence: float = 0.0
    "Mean confidence of the recognized lines, 0 to 1."
    quarter_turns: int = 0
    "Counterclockwise quarter turns that made the page upright. Width, height and spans are those of the upright page."

    def rotate(self, turns: int) -> None:
        """Record counterclockwise quarter turns and swap width and height accordingly."""
        self.quarter_turns = turns
        if turns % 2:
            self.width, self.height = self.height, self.width

    def to_original(self, box: BoundingBox) -> BoundingBox:
        """Convert a box on the upright page to coordinates on the page as stored in the file."""
        corners = [self._to_original(x, y) for x, y in ((box.left, box.top), (box.right, box.bottom))]
        xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
        return BoundingBox(box.page, *(round(edge, 1) for edge in (xs[0], ys[0], xs[1], ys[1])))

    def _to_original(self, x: float, y: float) -> tuple[float, float]:
        match self.quarter_turns:
            case 1:
                return self.height - y, x
            case 2:
                return self.width - x, self.height - y
            case 3:
                return y, self.width - x
        return x, y

    @property
    def has_text(self) -> bool:
        return bool(self.spans or self.rotated_texts)

    @property
    def needs_ocr(self) -> bool:
        """True if the content of the page is in images: it has images, and no text or little text beside large images."""
        has_little = sum(len(span.text) for span in (*self.spans, *self.rotated_texts)) <= _LITTLE_TEXT
        return self.images > 0 and (not self.has_text or (has_little and self.image_share >= _SCANNED_SHARE))
