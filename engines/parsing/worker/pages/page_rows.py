"""Rows of a page: the lines at one height, with the cells of a table apart from each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from engines.parsing.worker.pages.page_lines import Line, Page
from records.document import BoundingBox

CELL_GAP = 1.0
"""Gap between two cells of a row, in line heights."""
_WIDE_GAP = 2.5
"""Gap that does not occur within a justified line of prose, in line heights."""


@dataclass(slots=True)
class Row:
    """Lines next to each other. Lines closer than a cell's gap are joined into one cell."""

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
        """The font of all cells; empty if they have different ones."""
        fonts = {cell.font for cell in self.cells}
        return fonts.pop() if len(fonts) == 1 else ""

    @property
    def has_cells(self) -> bool:
        """True if the row has more than one cell."""
        return len(self.cells) > 1

    @property
    def has_wide_gap(self) -> bool:
        """True if two cells are further apart than words in justified prose."""
        pairs = pairwise(self.cells)
        return any(after.left - before.right > _WIDE_GAP * before.height for before, after in pairs)


def rows_of(page: Page) -> Iterator[Row]:
    """Yield the rows in the order of the page's lines."""
    row = Row()
    for line in page.lines:
        if row.cells and _continues_row(row.cells[-1], line):
            _append(row, line)
        else:
            if row.cells:
                yield row
            row = Row([line])
    if row.cells:
        yield row


def _continues_row(before: Line, line: Line) -> bool:
    shared = min(before.bottom, line.bottom) - max(before.top, line.top)
    lower = min(before.height, line.height)
    return lower > 0 and shared > lower / 2 and line.left >= before.right - lower / 2


def _append(row: Row, line: Line) -> None:
    """Join the line to the last cell if it is close, or if that cell is a list marker; else add a cell."""
    before = row.cells[-1]
    is_list_marker = len(row.cells) == 1 and len(before.text) <= 3 and not before.text.isalnum()
    if line.left - before.right < CELL_GAP * before.height or is_list_marker:
        text = f"{before.text.rstrip()} {line.text.lstrip()}"
        font = before.font if before.font == line.font else ""
        top, bottom = min(before.top, line.top), max(before.bottom, line.bottom)
        row.cells[-1] = Line(text, before.left, top, line.right, bottom, font)
    else:
        row.cells.append(line)


def box_around(rows: Iterable[Row], page: int) -> BoundingBox:
    """Return the box around some rows of a page, rounded to a tenth of a point."""
    rows = list(rows)
    return BoundingBox(
        page=page,
        left=round(min(row.left for row in rows), 1),
        top=round(min(row.top for row in rows), 1),
        right=round(max(row.right for row in rows), 1),
        bottom=round(max(row.bottom for row in rows), 1),
    )


def typical_line_gap(rows: list[Row]) -> float:
    """Return the gap between two lines of a paragraph, in points.

    If most rows are full, this is the median gap, which also holds for double spacing. Otherwise it is at most half a line,
    because on a page of short rows the median is the gap between paragraphs.
    """
    pairs = pairwise(rows)
    gaps = [after.top - before.bottom for before, after in pairs if after.top > before.top]
    if not gaps:
        return 0.0
    widest = max(row.right - row.left for row in rows)
    full = sum(row.right - row.left > 0.8 * widest for row in rows)
    half_a_line = median(row.height for row in rows) / 2
    return median(gaps) if full > len(rows) / 2 else min(median(gaps), half_a_line)
