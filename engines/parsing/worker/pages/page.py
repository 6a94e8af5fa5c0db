"""A page as its parser gives it: pieces of lines with their boxes; rows are what a reader sees as one line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from records.document import BoundingBox

CELL_GAP = 1.0
"""In line heights: where a row has a wider gap, another cell may begin."""
_APART = 2.5
"""In line heights: a gap that no justified line of prose has."""
_MOSTLY = 0.6
_FEW_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """Points, from the page's top left corner. The box's height is in proportion to the font's size."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    font: str = ""

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(slots=True)
class Page:
    number: int
    width: float
    height: float
    lines: list[Line]
    pictures: int = 0
    pictured: float = 0.0
    "The share of its area that pictures cover."
    unseen: bool = False
    "It is a picture that the recognizer could not be shown."
    recognized: int = 0
    "Lines that were recognized in its pictures."
    confidence: float = 0.0
    "0 to 1: how sure of them the recognizer is."
    turns: int = 0
    "Quarter turns, anticlockwise, by which it is held to be read; its lines and its size are those of the turned page."

    def turn(self, turns: int) -> None:
        self.turns = turns
        if turns % 2:
            self.width, self.height = self.height, self.width

    def as_shown(self, box: BoundingBox) -> BoundingBox:
        """A box on the page as it was turned, on the page as it is."""
        places = [self._as_shown(x, y) for x, y in ((box.left, box.top), (box.right, box.bottom))]
        across, down = sorted(x for x, _ in places), sorted(y for _, y in places)
        return BoundingBox(box.page, *(round(edge, 1) for edge in (across[0], down[0], across[1], down[1])))

    def _as_shown(self, x: float, y: float) -> tuple[float, float]:
        match self.turns:
            case 1:
                return self.height - y, x
            case 2:
                return self.width - x, self.height - y
            case 3:
                return y, self.width - x
        return x, y

    @property
    def is_picture(self) -> bool:
        """Whether what it says stands in pictures: it has no text, or a stamp or a page number on a scan."""
        few = sum(len(line.text) for line in self.lines) <= _FEW_CHARACTERS
        return self.pictures > 0 and (not self.lines or (few and self.pictured >= _MOSTLY))


@dataclass(slots=True)
class Row:
    """Lines beside each other; `cells` are those that stand apart."""

    cells: list[Line] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)

    @property
    def left(self) -> float:
        return min(cell.left for cell in self.cells)

    @property
    def right(self) -> float:
        return max(cell.right for cell in self.cells)

    @property
    def top(self) -> float:
        return min(cell.top for cell in self.cells)

    @property
    def bottom(self) -> float:
        return max(cell.bottom for cell in self.cells)

    @property
    def height(self) -> float:
        return max(cell.height for cell in self.cells)

    @property
    def font(self) -> str:
        """That of all its cells; empty where they differ."""
        fonts = {cell.font for cell in self.cells}
        return fonts.pop() if len(fonts) == 1 else ""

    @property
    def is_tabular(self) -> bool:
        return len(self.cells) > 1

    @property
    def is_apart(self) -> bool:
        pairs = pairwise(self.cells)
        return any(after.left - before.right > _APART * before.height for before, after in pairs)


def rows_of(page: Page) -> Iterator[Row]:
    """In the order of the page's own stream, which nearly always is the order of reading."""
    row = Row()
    for line in page.lines:
        if row.cells and _beside(row.cells[-1], line):
            _append(row, line)
        else:
            if row.cells:
                yield row
            row = Row([line])
    if row.cells:
        yield row


def _beside(before: Line, line: Line) -> bool:
    shared = min(before.bottom, line.bottom) - max(before.top, line.top)
    lower = min(before.height, line.height)
    return lower > 0 and shared > lower / 2 and line.left >= before.right - lower / 2


def _append(row: Row, line: Line) -> None:
    before = row.cells[-1]
    is_mark = len(row.cells) == 1 and len(before.text) <= 3 and not before.text.isalnum()
    if line.left - before.right < CELL_GAP * before.height or is_mark:
        text = f"{before.text.rstrip()} {line.text.lstrip()}"
        font = before.font if before.font == line.font else ""
        top, bottom = min(before.top, line.top), max(before.bottom, line.bottom)
        row.cells[-1] = Line(text, before.left, top, line.right, bottom, font)
    else:
        row.cells.append(line)


def box_around(rows: Iterable[Row], page: int) -> BoundingBox:
    rows = list(rows)
    return BoundingBox(
        page=page,
        left=round(min(row.left for row in rows), 1),
        top=round(min(row.top for row in rows), 1),
        right=round(max(row.right for row in rows), 1),
        bottom=round(max(row.bottom for row in rows), 1),
    )


def typical_gap(rows: list[Row]) -> float:
    """Between two lines of a paragraph, in points.

    The median, where most lines are full, so that double spacing is seen as such; else half a line at most, since on a
    page of short lines the median is the gap between paragraphs.
    """
    pairs = pairwise(rows)
    gaps = [after.top - before.bottom for before, after in pairs if after.top > before.top]
    if not gaps:
        return 0.0
    widest = max(row.right - row.left for row in rows)
    full = sum(row.right - row.left > 0.8 * widest for row in rows)
    half_a_line = median(row.height for row in rows) / 2
    return median(gaps) if full > len(rows) / 2 else min(median(gaps), half_a_line)
