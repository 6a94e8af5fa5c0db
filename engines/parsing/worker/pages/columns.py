"""Columns of prose: divides a page into regions that are read one after another.

A region is a list of lines that are read from top to bottom. The columns of a table are not separate regions, because a
table is read row by row. A gutter is the empty vertical strip between two columns; a divider is the horizontal position of a
gutter, in points from the left edge of the page.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from engines.parsing.worker.pages.justified import join_justified
from engines.parsing.worker.pages.lines import Cell, Line, lines_of
from engines.parsing.worker.pages.page_spans import Span

_MIN_LINES = 4
"""Minimum number of lines of a column."""
_MIN_PROSE = 20
"""Minimum mean length of the lines in a column of prose, in characters. Shorter lines are cells of a table."""
_MAX_DIGITS = 0.5
"""Maximum ratio of digits to letters in prose. Columns of numbers have a higher one."""
_FILLED = 0.6
"""Minimum width of a line that counts as full, as a share of the column's width."""
_USUAL_EDGE = 0.9
"""Quantile of the right ends of a column's lines that is taken for the column's right edge.

Lines that end further right can belong to another column that has only a few lines.
"""
_FULL_SHARE = 0.5
"""Minimum share of full lines in a prose column."""
_MAX_GAP = 6.0
"""Maximum vertical distance between two lines of one section, in line heights."""
_DIVIDED_SHARE = 0.3
_MIN_SHARED_GAPS = 3
_MAX_DIVIDERS = 20
_MIN_BEGINNINGS = 2
"""Minimum number of cells that begin at the left edge of a column.

Not all cells of a column need to begin there, because the markers of a list are further left than its text.
"""
_ISOLATED = 2.5
"""Minimum vertical distance between a page header or footer and the text, in line heights."""
_ISOLATED_RATIO = 1.5
"""Minimum ratio of the distance between a page header or footer and the text to the median distance of all lines."""
_MAX_DEPTH = 6
_MAX_NESTED_GUTTERS = 2
"""Number of times that one side of a gutter is divided again in search of columns."""


class _Section(NamedTuple):
    """The lines `begin` to `end` (exclusive) of a page, which a gutter at `divider` divides into two sides."""

    begin: int
    end: int
    divider: float


def regions_of(spans: Sequence[Span], depth: int = 0) -> list[list[Line]]:
    """Return the regions of a page in the order of reading. `depth` counts the recursive calls."""
    lines = lines_of(spans)
    if depth == 0 and len(lines) > 2 * _MIN_LINES:
        for begin, end in ((0, 1), (len(lines) - 1, len(lines))):
            if _is_isolated(lines, begin):
                rest = _spans([cell for line in (*lines[:begin], *lines[end:]) for cell in line.cells])
                regions = regions_of(rest, 0)
                return [lines[begin:end], *regions] if begin == 0 else [*regions, lines[begin:end]]
    section = _widest_section(lines) if depth < _MAX_DEPTH else None
    if section is None:
        return [lines] if lines else []
    above, inside, below = lines[: section.begin], lines[section.begin : section.end], lines[section.end :]
    left = [cell for line in inside for cell in line.cells if cell.left < section.divider]
    right = [cell for line in inside for cell in line.cells if cell.left >= section.divider]
    parts = (
        [cell for line in above for cell in line.cells],
        left,
        right,
        [cell for line in below for cell in line.cells],
    )
    return [region for part in parts for region in regions_of(_spans(part), depth + 1)]


def _is_isolated(lines: Sequence[Line], index: int) -> bool:
    """Return True if the first or last line (`index`) is one cell far from the other lines, like a page header or footer."""
    line, other = (lines[0], lines[1]) if index == 0 else (lines[-1], lines[-2])
    gap = max(line.top - other.bottom, other.top - line.bottom)
    usual_gap = median(after.top - before.bottom for before, after in pairwise(lines))
    return (
        gap > max(_ISOLATED * line.height, _ISOLATED_RATIO * usual_gap)
        and line.height <= 1.2 * other.height
        and not line.has_cells
    )


def _spans(cells: Sequence[Cell]) -> list[Span]:
    return [span for cell in cells for span in cell.spans]


def _widest_section(lines: Sequence[Line]) -> _Section | None:
    """Return the longest section that a gutter divides into columns of prose, or None if the page has only one column."""
    best: _Section | None = None
    for divider in _dividers(lines):
        for begin, end in _undivided(lines, divider):
            if best and end - begin <= best.end - best.begin:
                continue
            if _divides(lines[begin:end], divider):
                best = _Section(begin, end, divider)
    return best


def _dividers(lines: Sequence[Line]) -> list[float]:
    """Return the possible dividers: they are just left of positions at which several cells begin, most frequent first."""
    counts = Counter(round(cell.left / 2) * 2 for line in lines for cell in line.cells)
    leftmost = min((line.left for line in lines), default=0.0)
    rightmost = max((line.right for line in lines), default=0.0)
    margin = 0.15 * (rightmost - leftmost)
    places = [place for place, count in counts.most_common(_MAX_DIVIDERS) if count >= _MIN_BEGINNINGS]
    return [place - 2.5 for place in places if leftmost + margin < place < rightmost - margin]


def _undivided(lines: Sequence[Line], divider: float) -> list[tuple[int, int]]:
    """Return the groups of consecutive lines in which no cell crosses the divider, as pairs of start and end (exclusive).

    A vertical distance of more than `_MAX_GAP` between two lines ends a group. Groups of fewer than `_MIN_LINES` lines are
    left out.
    """
    runs, begin = [], 0
    for number, line in enumerate(lines):
        crosses = any(cell.left < divider < cell.right for cell in line.cells)
        is_far = number > begin and line.top - lines[number - 1].bottom > _MAX_GAP * line.height
        if crosses or is_far:
            runs.append((begin, number))
            begin = number + crosses
    runs.append((begin, len(lines)))
    return [run for run in runs if run[1] - run[0] >= _MIN_LINES]


def _divides(lines: Sequence[Line], divider: float, depth: int = 0) -> bool:
    """Return True if there is at least one column of prose on each side of the divider."""
    left = [cell for line in lines for cell in line.cells if cell.left < divider]
    right = [cell for line in lines for cell in line.cells if cell.left >= divider]
    if not left or not right or not _are_side_by_side(left, right):
        return False
    return _are_columns(left, depth) and _are_columns(right, depth) and not _are_rows(left, right)


def _are_columns(cells: Sequence[Cell], depth: int) -> bool:
    """Return True if the cells form one column of prose, or several side by side."""
    lines = lines_of(_spans(cells))
    if _is_prose(lines):
        return True
    if depth == _MAX_NESTED_GUTTERS or len(lines) < _MIN_LINES:
        return False
    return any(_divides(lines, divider, depth + 1) for divider in _dividers(lines) if not _is_crossed(lines, divider))


def _is_crossed(lines: Sequence[Line], divider: float) -> bool:
    return any(cell.left < divider < cell.right for line in lines for cell in line.cells)


def _is_prose(lines: Sequence[Line]) -> bool:
    """Return True if the lines are a column of prose: words rather than digits, in lines that mostly fill the column."""
    if len(lines) < _MIN_LINES or sum(len(line.text) for line in lines) / len(lines) < _MIN_PROSE:
        return False
    text = "".join(line.text for line in lines)
    if sum(map(str.isdigit, text)) > _MAX_DIGITS * sum(map(str.isalpha, text)):
        return False
    rights = sorted(line.right for line in lines)
    width = rights[round(_USUAL_EDGE * (len(rights) - 1))] - min(line.left for line in lines)
    full = sum(line.right - line.left > _FILLED * width for line in lines)
    return full >= _FULL_SHARE * len(lines) and not _has_short_cells(join_justified(lines))


def _has_short_cells(lines: Sequence[Line]) -> bool:
    """Return True if many lines consist of short cells that begin below each other, as in a table.

    Justified lines of prose can have wide gaps, too, but at a different position in each line.
    """
    divided = [line for line in lines if line.has_cells]
    if len(divided) <= _DIVIDED_SHARE * len(lines):
        return False
    cells = [cell for line in divided for cell in line.cells]
    begins = Counter(round(cell.left / 3) for line in divided for cell in line.cells[1:])
    aligned = sum(count for count in begins.values() if count >= _MIN_LINES)
    is_short = sum(len(cell.text) for cell in cells) < _MIN_PROSE * len(cells)
    return is_short and aligned > begins.total() / 2


def _are_side_by_side(left: Sequence[Cell], right: Sequence[Cell]) -> bool:
    """Return True if the columns overlap vertically by more than half of the shorter one."""
    tops = [min(span.top for span in _spans(column)) for column in (left, right)]
    bottoms = [max(span.bottom for span in _spans(column)) for column in (left, right)]
    shorter = min(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return min(bottoms) - max(tops) > shorter / 2


def _are_rows(left: Sequence[Cell], right: Sequence[Cell]) -> bool:
    """Return True if both sides have large gaps between lines at the same heights, as a table with long cells has."""
    gaps, others = _gaps(left), _gaps(right)
    shared = sum(bool({gap - 1, gap, gap + 1} & others) for gap in gaps)
    return shared >= _MIN_SHARED_GAPS and shared >= 0.7 * max(len(gaps), len(others))


def _gaps(cells: Sequence[Cell]) -> set[int]:
    """Return the heights on the page at which a column has a large gap between two lines, in units of four points."""
    pairs = pairwise(lines_of(_spans(cells)))
    return {round(line.top / 4) for before, line in pairs if line.top - before.bottom > 0.6 * line.height}
