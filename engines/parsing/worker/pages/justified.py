"""Justified prose, in which the spaces of each line are stretched so that it ends at the right edge of the column.

A stretched space can be as wide as the gap between two cells of a table.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from engines.parsing.worker.pages.lines import Cell, Line

_MIN_LINES = 4
_SAME_EDGE = 1.5
"""Maximum distance, in points, between the edges of justified lines."""
_PROSE_SHARE = 0.5
"""Minimum share of a column's lines that reach from edge to edge, and minimum share of its lines that are one cell."""
_EQUAL_GAPS = 0.6
"""Minimum ratio of the narrowest to the widest gap of a justified line.

A row of a table has a lower one: the gaps between the words of a cell are much narrower than those between cells.
"""


def join_justified(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a column, in which each justified line is one cell, however wide its spaces are."""
    edges = _edges(lines)
    if edges is None:
        return list(lines)
    return [_joined(line) if line.has_cells and _is_full(line, *edges) else line for line in lines]


def _edges(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return the left and right edge of justified prose, in points; None if the lines are not justified prose."""
    if len(lines) < _MIN_LINES or not any(line.has_cells for line in lines):
        return None
    left, right = _most_common([line.left for line in lines]), _most_common([line.right for line in lines])
    full = sum(_is_full(line, left, right) for line in lines)
    undivided = sum(not line.has_cells for line in lines)
    return (left, right) if min(full, undivided) >= _PROSE_SHARE * len(lines) else None


def _most_common(edges: Sequence[float]) -> float:
    return Counter(round(edge) for edge in edges).most_common(1)[0][0]


def _is_full(line: Line, left: float, right: float) -> bool:
    return abs(line.left - left) < _SAME_EDGE and abs(line.right - right) < _SAME_EDGE


def _joined(line: Line) -> Line:
    gaps = [after.left - before.right for before, after in pairwise(line.spans)]
    return Line([Cell(line.spans)]) if min(gaps) >= _EQUAL_GAPS * max(gaps) else line
