"""Detection of the header of a table: the first rows, which contain the column names.

The kinds of their cells (`ValueKind`) are compared with those of the rows below.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.cell_values import ValueKind, is_period, kind_of, number_in
from engines.parsing.worker.blocks.table_rows import is_bold, is_covered, is_from_above

_MAX_HEIGHT = 6
_MAX_COMPARED_ROWS = 40
_MAX_NAME_CHARACTERS = 120
_ALIKE = 0.8
"""Minimum share of numbers and dates in a column of values."""
_MAX_UNNAMED = 1 / 3
"""Maximum share of columns without a name in a table with a header."""
_MAX_INDEX_COLUMNS = 3
"""Maximum number of columns without a name, if all of them precede the named ones. They contain labels of the rows."""
_PLACEHOLDER = re.compile(r"Unnamed: \d+(_level_\d+)?")
"""Column names that pandas writes for columns without a name."""
_WORD = re.compile(r"[^\W\d_]{3}")
_VALUES = (ValueKind.NUMBER, ValueKind.DATE)
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a table: `height` rows at its start, and the column `names` in them."""

    height: int
    names: tuple[str, ...]
    is_certain: bool
    "False if the header is a row of texts above other texts, so that it can also be the first record."


def header_of_rows(rows: Sequence[Row]) -> Header | None:
    """Return the header of a table, or None if the table has none. `rows` are the first rows of the table."""
    for height in _heights(rows):
        names = _joined_names(rows[:height])
        below = rows[height : height + _MAX_COMPARED_ROWS]
        are_bold = _are_bold(rows[height - 1]) and not (below and _are_bold(below[0]))
        if (is_certain := _evidence(names, below, are_bold)) is not None:
            return Header(height, names, is_certain or height > 1)
    return None


def is_single(row: Row) -> bool:
    """Return True for a row in which only one cell has text. The cell may be merged over several columns."""
    return sum(bool(cell) and not is_covered(cell) for cell in row) + any(map(is_from_above, row)) == 1


def _heights(rows: Sequence[Row]) -> Iterable[int]:
    """Yield the possible heights of the header, in rows."""
    merged = _merged_height(rows)
    if merged > 1:
        yield merged
        return
    if len(rows) > 2 and _has_two_levels(rows[0], rows[1], rows[2:]):
        yield 2
        return
    if rows:
        yield 1


def _merged_height(rows: Sequence[Row]) -> int:
    """Return the number of rows at the start that are connected by merged cells.

    A first row that is one title above all columns is not connected with the rows below.
    """
    if not rows or (is_single(rows[0]) and rows[0][0]):
        return 1
    height = 1
    while height < min(len(rows) - 1, _MAX_HEIGHT):
        above, row = rows[height - 1], rows[height]
        spans_columns = any(is_covered(cell) and not is_from_above(cell) for cell in above)
        if not (spans_columns or any(map(is_from_above, row))):
            break
        if any(kind_of(cell) in _VALUES and not is_period(cell) and not is_covered(cell) for cell in row):
            break
        height += 1
    return height


def _has_two_levels(upper: Row, lower: Row, below: Sequence[Row]) -> bool:
    """Return True if the rows are a header of two levels: the upper row names groups of columns that the lower row names.

    `below` are the rows after these two.
    """
    width = max(len(upper), len(lower))
    upper, lower = _padded(upper, width), _padded(lower, width)
    groups = [column for column in range(1, width) if upper[column]]
    gaps = [column for column in range(1, width) if lower[column] and not upper[column]]
    if not groups or not any(column > groups[0] for column in gaps):
        return False
    if len(groups) == 1 and upper[0]:  # A line such as `Printed by | Ida Holm` above the table.
        return False
    if any(kind_of(upper[column]) is ValueKind.NUMBER and not is_period(upper[column]) for column in groups):
        return False
    if any(not lower[column] and not upper[column] for column in range(1, width) if _is_used(column, below)):
        return False
    if any(kind_of(cell) in _VALUES and not is_period(cell) for cell in lower):
        return False
    names = _joined_names([upper, lower])
    return bool(_evidence(names, below[:_MAX_COMPARED_ROWS], are_bold=False))


def _padded(row: Row, width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


def _is_used(column: int, rows: Sequence[Row]) -> bool:
    return any(len(row) > column and row[column] for row in rows[:_MAX_COMPARED_ROWS])


def _joined_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the column names from the rows of a header. The name of a group is part of the names of all its columns."""
    width = max(map(len, rows))
    levels = [_filled_right(_padded(row, width), rows[-1]) for row in rows[:-1]]
    levels.append(_padded(rows[-1], width))
    joined = []
    for column in range(width):
        parts = dict.fromkeys(one_line(level[column]) for level in levels)
        name = " ".join(part for part in parts if part)
        joined.append("" if _PLACEHOLDER.fullmatch(name) else name)
    return tuple(joined)


def _filled_right(row: Row, lowest: Row) -> list[str]:
    """Return a row of group names in which each name is repeated in the empty cells up to the next name.

    `lowest` is the last row of the header. A column that it does not name belongs to no group.
    """
    filled, current = [], ""
    for column, cell in enumerate(row):
        has_name = column < len(lowest) and bool(lowest[column])
        current = cell or (current if has_name else "")
        filled.append(current)
        if column == 0:
            current = ""
    return filled


def _are_bold(row: Row) -> bool:
    filled = [cell for cell in row if cell]
    return bool(filled) and all(map(is_bold, filled))


def _evidence(names: Sequence[str], below: Sequence[Row], are_bold: bool) -> bool | None:
    """Judge by the rows below them whether texts are column names.

    Return True if they are: their kinds differ from the kinds of the cells below, or they are bold. Return False if they can
    be either names or the first record, and None if they are not names.
    """
    filled = [column for column, name in enumerate(names) if name]
    width = max([len(names), *map(len, below)], default=0)
    used = [column for column in range(width) if column in filled or _is_used(column, below)]
    unnamed = len(used) - len(filled)
    are_last = filled == used[unnamed:] and unnamed <= _MAX_INDEX_COLUMNS
    if not filled or not (unnamed <= len(used) * _MAX_UNNAMED or are_last):
        return None
    if any(len(names[column]) > _MAX_NAME_CHARACTERS for column in filled):
        return None
    values = [column for column in filled if _is_value(names[column])]
    if values and not are_bold and not _are_names(names, values, below):
        return None
    support = sum(_is_above_values(column, below) for column in filled if column not in values)
    repeated = sum(any(names[column] == _cell(row, column) for row in below) for column in filled)
    are_distinct = len({names[column].casefold() for column in filled}) == len(filled)
    if are_bold:
        return True
    if (repeated and support <= repeated) or not (are_distinct or support):
        return None
    return bool(support or values)


def _is_value(name: str) -> bool:
    """Return True for a number or a date; False for a text with a word in it, such as `2031 Plan`."""
    kind = kind_of(name)
    return kind is ValueKind.DATE or (kind is ValueKind.NUMBER and not _WORD.search(name))


def _cell(row: Row, column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _is_above_values(column: int, below: Sequence[Row]) -> bool:
    kinds = [kind for row in below if (kind := kind_of(_cell(row, column))) is not ValueKind.EMPTY]
    return bool(kinds) and sum(kind in _VALUES for kind in kinds) >= _ALIKE * len(kinds)


def _are_names(names: Sequence[str], values: Sequence[int], below: Sequence[Row]) -> bool:
    """Return True if the numbers and dates among the texts of a possible header can be column names.

    `values` are the columns of these numbers and dates. They can be names if they are a series, such as years, and the rows
    below have no such series.
    """
    texts = [names[column] for column in values]
    first = [[_cell(row, column) for column in values] for row in below[:_MAX_COMPARED_ROWS]]
    if all(map(_is_time, texts)):
        below_texts = [text for row in first for text in row if text]
        are_other = sum(map(_is_time, below_texts)) * 2 < max(1, len(below_texts))
        return len(set(texts)) == len(texts) and are_other
    if not any(map(any, first)):
        return False
    if not any(_is_above_values(column, below) for column in values):
        return _is_series(texts, needs_equal_steps=True)
    if names[0] and kind_of(names[0]) is not ValueKind.TEXT:
        return False
    series = [_is_series(row, needs_equal_steps=bool(names[0])) for row in first]
    return _is_series(texts, needs_equal_steps=bool(names[0])) and sum(series) * 2 <= len(series)


def _is_time(text: str) -> bool:
    return is_period(text) or kind_of(text) is ValueKind.DATE


def _is_series(texts: Sequence[str], *, needs_equal_steps: bool) -> bool:
    """Return True if all texts are numbers and form a series.

    With `needs_equal_steps`, a series is at least three numbers with the same difference between neighbours. Otherwise it is
    at least two numbers that only increase or only decrease.
    """
    numbers = [number for text in texts if (number := number_in(text)) is not None]
    steps = [after - before for before, after in pairwise(numbers)]
    if len(numbers) < len(texts) or len(numbers) < (3 if needs_equal_steps else 2) or not all(steps):
        return False
    if needs_equal_steps:
        return max(steps) - min(steps) < 1e-9
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)
