"""Justified prose: lines whose spaces are stretched, so that all of them end at the right edge of their column."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from engines.parsing.worker.pages.lines import Cell, Line

_MIN_LINES = 4
_SAME_EDGE = 1.5
"""Points by which the edges of justified lines differ."""
_PROSE_SHARE = 0.5
"""Share of a column's lines that reach from edge to edge, and share of those without a wide gap."""
_EQUAL_GAPS = 0.6
"""Ratio of the narrowest to the widest gap of a justified line. A row of a table has narrow gaps inside of its cells."""


def join_justified(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a column, with the words of a justified line in one cell, however wide its spaces are."""
    edges = _edges(lines)
    if edges is None:
        return list(lines)
    return [_joined(line) if line.has_cells and _is_full(line, *edges) else line for line in lines]


def _edges(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return the left and right edge of a column of justified prose; None for other lines."""
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
