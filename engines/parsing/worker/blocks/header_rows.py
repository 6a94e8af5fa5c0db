"""Detection of the rows that name the columns of a table, by comparison with the rows below them."""

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
"""Share of a column's cells that must be numbers or dates for a column of values."""
_MAX_UNNAMED = 1 / 3
"""Share of the columns that may have no name."""
_MAX_INDEX_COLUMNS = 3
"""Columns without a name that may precede all others."""
_PLACEHOLDER = re.compile(r"Unnamed: \d+(_level_\d+)?")
"""Names that pandas writes for columns without one."""
_WORD = re.compile(r"[^\W\d_]{3}")
_VALUES = (ValueKind.NUMBER, ValueKind.DATE)
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Header:
    """The rows at the start of a table that name its columns."""

    height: int
    names: tuple[str, ...]
    is_certain: bool
    "False if the rows contain only text above text, so that they can also be the first record."


def header_of_rows(rows: Sequence[Row]) -> Header | None:
    """Return the header at the start of a table, of which `rows` are the first rows; None for a table without one."""
    for height in _heights(rows):
        names = _joined_names(rows[:height])
        below = rows[height : height + _MAX_COMPARED_ROWS]
        are_bold = _are_bold(rows[height - 1]) and not (below and _are_bold(below[0]))
        if (is_certain := _evidence(names, below, are_bold)) is not None:
            return Header(height, names, is_certain or height > 1)
    return None


def is_single(row: Row) -> bool:
    """Return True for a row with one cell, which may be merged over several columns."""
    return sum(bool(cell) and not is_covered(cell) for cell in row) + any(map(is_from_above, row)) == 1


def _heights(rows: Sequence[Row]) -> Iterable[int]:
    """Yield the possible heights of the header, the most likely one first."""
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
    """Return the number of rows that merged cells of the first row connect. A cell above all columns is not one of them."""
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
    """Return True if the cells of the upper row name groups of the columns that the lower row names."""
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
    """Return the names of the columns. A name of a group applies to the columns up to the next name beside it."""
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
    """Return a row of group names in which each name is repeated for the columns without one, up to the next name."""
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
    """Return True if the names differ in kind from the cells below, False if they may be names, None if they are none."""
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
    """Return True for a number or a date; False for a name such as `2031 Plan`."""
    kind = kind_of(name)
    return kind is ValueKind.DATE or (kind is ValueKind.NUMBER and not _WORD.search(name))


def _cell(row: Row, column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _is_above_values(column: int, below: Sequence[Row]) -> bool:
    kinds = [kind for row in below if (kind := kind_of(_cell(row, column))) is not ValueKind.EMPTY]
    return bool(kinds) and sum(kind in _VALUES for kind in kinds) >= _ALIKE * len(kinds)


def _are_names(names: Sequence[str], values: Sequence[int], below: Sequence[Row]) -> bool:
    """Return True if the numbers and dates among the names can be names: a series that the rows below do not continue."""
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
    """Return True for numbers that increase or decrease from each to the next, at least three, or two without a label."""
    numbers = [number for text in texts if (number := number_in(text)) is not None]
    steps = [after - before for before, after in pairwise(numbers)]
    if len(numbers) < len(texts) or len(numbers) < (3 if needs_equal_steps else 2) or not all(steps):
        return False
    if needs_equal_steps:
        return max(steps) - min(steps) < 1e-9
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)
