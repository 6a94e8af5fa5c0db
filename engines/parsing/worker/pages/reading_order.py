"""Reading order of lines that were found anywhere on a page."""

from collections.abc import Iterator, Sequence

from engines.parsing.worker.pages.page_lines import Line

_MIN_COLUMN_LINES = 3
_MIN_PROSE_LENGTH = 20
"""Mean characters of a column's lines above which the column is prose. Shorter ones are cells of a table."""
_MAX_SPANNING_SHARE = 0.25
"""Share of all lines that may span two columns, such as headings and footers."""


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Return the lines in reading order.

    Columns of prose follow each other, in sections between the lines that span them. Other lines are sorted row by row.
    """
    divider = _column_divider(lines)
    if divider is None:
        return [line for row in _rows(lines) for line in row]
    ordered: list[Line] = []
    section: list[Line] = []
    for line in sorted(lines, key=_middle):
        if line.left < divider < line.right:
            ordered += [*_columns_in_order(section, divider), line]
            section = []
        else:
            section.append(line)
    return ordered + _columns_in_order(section, divider)


def _columns_in_order(section: Sequence[Line], divider: float) -> list[Line]:
    left = [line for line in section if line.right <= divider]
    return in_reading_order(left) + in_reading_order([line for line in section if line.right > divider])


def _column_divider(lines: Sequence[Line]) -> float | None:
    """Return the left edge of a column of prose that is to the right of another one; None without columns."""
    for divider in sorted({line.left for line in lines}):
        left = [line for line in lines if line.right <= divider]
        right = [line for line in lines if line.left >= divider]
        spanning = len(lines) - len(left) - len(right)
        is_divided = spanning <= _MAX_SPANNING_SHARE * len(lines)
        if is_divided and _is_prose(left) and _is_prose(right) and _are_side_by_side(left, right):
            return divider
    return None


def _is_prose(lines: Sequence[Line]) -> bool:
    if len(lines) < _MIN_COLUMN_LINES:
        return False
    return sum(len(line.text) for line in lines) / len(lines) > _MIN_PROSE_LENGTH


def _are_side_by_side(left: Sequence[Line], right: Sequence[Line]) -> bool:
    """Return True if the columns overlap vertically by more than half of the shorter one."""
    tops = [min(line.top for line in column) for column in (left, right)]
    bottoms = [max(line.bottom for line in column) for column in (left, right)]
    shorter = min(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return min(bottoms) - max(tops) > shorter / 2


def _middle(line: Line) -> float:
    return (line.top + line.bottom) / 2


def _rows(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the rows of a page from top to bottom. A row has the lines at one height, from left to right."""
    row: list[Line] = []
    for line in sorted(lines, key=_middle):
        if row and _middle(line) - _middle(row[0]) > min(line.height, row[0].height) / 2:
            yield sorted(row, key=lambda cell: cell.left)
            row = []
        row.append(line)
    if row:
        yield sorted(row, key=lambda cell: cell.left)
