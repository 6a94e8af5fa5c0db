"""Lines that were found anywhere on a page, put into the order in which a person reads them."""

from collections.abc import Iterator, Sequence

from engines.parsing.worker.pages.page import Line

_FEWEST_LINES = 3
_PROSE_CHARACTERS = 20
"""Mean length of a column's lines; what is shorter is a table's, which is read row by row."""
_MOST_CROSSING = 0.25
"""Of all lines: headings and footers may go across the gap between two columns."""


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Columns of prose one after the other, between the lines that go across them; else row by row."""
    gap = _gap_between_columns(lines)
    if gap is None:
        return [line for row in _rows(lines) for line in row]
    ordered: list[Line] = []
    band: list[Line] = []
    for line in sorted(lines, key=_middle):
        if _crosses(line, gap):
            ordered += [*_columns(band, gap), line]
            band = []
        else:
            band.append(line)
    return ordered + _columns(band, gap)


def _columns(band: Sequence[Line], gap: float) -> list[Line]:
    left = [line for line in band if line.right <= gap]
    return in_reading_order(left) + in_reading_order([line for line in band if line.right > gap])


def _gap_between_columns(lines: Sequence[Line]) -> float | None:
    """Where a column begins, the columns left of it have ended."""
    for gap in sorted({line.left for line in lines}):
        left = [line for line in lines if line.right <= gap]
        right = [line for line in lines if line.left >= gap]
        crossing = len(lines) - len(left) - len(right)
        if crossing <= _MOST_CROSSING * len(lines) and _is_prose(left) and _is_prose(right) and _beside(left, right):
            return gap
    return None


def _is_prose(lines: Sequence[Line]) -> bool:
    return len(lines) >= _FEWEST_LINES and sum(len(line.text) for line in lines) / len(lines) > _PROSE_CHARACTERS


def _beside(left: Sequence[Line], right: Sequence[Line]) -> bool:
    """Whether they share half of the shorter one's height."""
    tops = [min(line.top for line in column) for column in (left, right)]
    bottoms = [max(line.bottom for line in column) for column in (left, right)]
    shorter = min(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return min(bottoms) - max(tops) > shorter / 2


def _crosses(line: Line, gap: float) -> bool:
    return line.left < gap < line.right


def _middle(line: Line) -> float:
    return (line.top + line.bottom) / 2


def _rows(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines at one height, from left to right."""
    row: list[Line] = []
    for line in sorted(lines, key=_middle):
        if row and _middle(line) - _middle(row[0]) > min(line.height, row[0].height) / 2:
            yield sorted(row, key=lambda cell: cell.left)
            row = []
        row.append(line)
    if row:
        yield sorted(row, key=lambda cell: cell.left)
