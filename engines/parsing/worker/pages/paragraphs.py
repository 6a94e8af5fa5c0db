"""Paragraphs, headings and list items from the lines of a region."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.pages.hyphens import WordEvidence
from engines.parsing.worker.pages.lines import Line, box_around, line_separator
from engines.parsing.worker.pages.typography import LIST_ITEM, Typography, has_wide_gap

_NEIGHBOURS = 8
"""Number of lines before and after a line from which the right edge of its column is determined."""
_SAME_EDGE = 1.5
"""Maximum distance, in points, between the edges of justified lines."""
_MAX_TITLE_LINES = 5


class ParagraphReader:
    """Divides lines of prose into blocks."""

    def __init__(self, typography: Typography, words: WordEvidence) -> None:
        self._typography = typography
        self._words = words

    def blocks(self, lines: Sequence[Line], page: int, *, before_table: bool = False) -> Iterator[Block]:
        """Yield headings, paragraphs and list items for the lines of a region, in order.

        `before_table` is True if a table follows the lines. Bold lines at their end are then the heading of the table.
        """
        if not lines:
            return
        gap = _typical_gap(lines)
        paragraphs = [[lines[0]]]
        for number, (before, line) in enumerate(pairwise(lines)):
            right_edge = _right_edge(lines[max(0, number - _NEIGHBOURS) : number + _NEIGHBOURS], before)
            if _begins_paragraph(paragraphs[-1], before, line, gap, right_edge):
                paragraphs.append([])
            paragraphs[-1].append(line)
        title = _title_lines(paragraphs) if before_table else 0
        for paragraph in paragraphs[: len(paragraphs) - title]:
            yield self._block(paragraph, page)
        if title:
            rows = [line for paragraph in paragraphs[-title:] for line in paragraph]
            text = ", ".join(line.text.rstrip(" ,") for line in rows)
            level = self._typography.level(rows[:1], text, page) or self._typography.level(rows[:1], rows[0].text, page)
            yield self._made(BlockKind.HEADING if level else BlockKind.PARAGRAPH, text, level, rows, page)

    def _block(self, lines: Sequence[Line], page: int) -> Block:
        text = self._joined(lines)
        if level := self._typography.level(lines, text, page):
            return self._made(BlockKind.HEADING, one_line(text), level, lines, page)
        return self._made(BlockKind.LIST_ITEM if LIST_ITEM.match(text) else BlockKind.PARAGRAPH, text, 0, lines, page)

    @staticmethod
    def _made(kind: BlockKind, text: str, level: int, lines: Sequence[Line], page: int) -> Block:
        return Block(kind, text, level=level, page=page, box=box_around(lines, page))

    def _joined(self, lines: Sequence[Line]) -> str:
        """Return the text of the lines on one line, without the hyphens that divide words.

        Two cells with a wide gap between them are separated by a bar, unless the first one ends with a colon.
        """
        text = ""
        for line in lines:
            part = _text_of(line) if _has_cells(line, lines) else one_line(line.text)
            divided = self._words.join(text, part) if text else None
            text = divided if divided is not None else f"{text}{line_separator(text, part)}{part}" if text else part
        return text


def _has_cells(line: Line, others: Sequence[Line]) -> bool:
    """Return True if a wide gap divides a line into cells. A justified line has the same edges as another of `others`."""
    return has_wide_gap(line) and not any(
        other is not line and abs(other.left - line.left) < _SAME_EDGE and abs(other.right - line.right) < _SAME_EDGE
        for other in others
    )


def _text_of(line: Line) -> str:
    text = line.cells[0].text
    for cell in line.cells[1:]:
        text = f"{text} {cell.text}" if text.endswith(":") else f"{text} | {cell.text}"
    return one_line(text)


def _title_lines(paragraphs: Sequence[Sequence[Line]]) -> int:
    """Return how many paragraphs at the end of `paragraphs` are the bold title of the table that follows them."""
    count = lines = 0
    for paragraph in reversed(paragraphs):
        is_title = all(line.is_bold and len(line.text) < 120 and not line.text.endswith(".") for line in paragraph)
        lines += len(paragraph)
        if not is_title or lines > _MAX_TITLE_LINES:
            break
        if count and paragraphs[-count][0].top - paragraph[-1].bottom > 2 * paragraph[-1].height:
            break
        count += 1
    return count if lines > 1 or count > 1 else 0


def _typical_gap(lines: Sequence[Line]) -> float:
    """Return the usual gap between two lines of a paragraph, in points.

    If most lines are full, this is the median gap, even if the text is double-spaced. Otherwise it is at most half a line
    height, because the median gap of short lines can be the gap between paragraphs.
    """
    gaps = [after.top - before.bottom for before, after in pairwise(lines) if after.top > before.top]
    if not gaps:
        return 0.0
    widest = max(line.right - line.left for line in lines)
    full = sum(line.right - line.left > 0.8 * widest for line in lines)
    half_a_line = median(line.height for line in lines) / 2
    return median(gaps) if full > len(lines) / 2 else min(median(gaps), half_a_line)


def _right_edge(neighbours: Sequence[Line], line: Line) -> float:
    """Return the right edge of the column that contains `line`, in points.

    Only the neighbours that overlap the line horizontally are in its column.
    """
    return max(other.right for other in neighbours if other.left < line.right and other.right > line.left)


def _begins_paragraph(paragraph: Sequence[Line], before: Line, line: Line, gap: float, right_edge: float) -> bool:
    """Return True if a line starts a new paragraph.

    `before` is the line before it. `gap` is the usual gap and `right_edge` the column's right edge, in points. A new
    paragraph starts after a wide gap, after a move upwards, with another font size or weight, with a list marker, with an
    indented line, and after a line that ends a sentence short of the right edge.
    """
    height = max(before.height, 1.0)
    if line.top - before.bottom > gap + 0.35 * height or line.top < before.top - height / 2:
        return True
    if abs(line.height - before.height) > 0.1 * height or _has_cells(line, [before]) or _has_cells(before, paragraph):
        return True
    if LIST_ITEM.match(line.text) or line.is_bold != before.is_bold or "… " in before.text:
        return True
    ends_short = before.right < right_edge - 0.25 * (right_edge - before.left)
    if ends_short and before.text.rstrip().endswith((".", "!", "?", ":", "。")):
        return True
    is_indented = line.left - before.left > height
    return is_indented and not LIST_ITEM.match(paragraph[0].text) and len(paragraph) > 1
