"""Merged cells: their text is repeated in every row and column that they cover."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from engines.parsing.worker.blocks.table_rows import CellText, is_bold

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_MAX_COVERED_COLUMNS = 256
"""Maximum number of columns in which a merged cell's text is repeated. Some titles span all columns of a sheet."""


@dataclass(frozen=True, slots=True, order=True)
class CellRange:
    """A rectangle of cells. Rows and columns are counted from 0, and the last row and column are included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


def column_index(letters: str) -> int:
    """Return the index of a column, counted from 0, by its letters: 0 for `A`, 26 for `AA`."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def parse_range(reference: str) -> CellRange | None:
    """Return the range of a reference such as `A1:B3`; None for a text that is not a reference."""
    first, _, last = reference.upper().partition(":")
    begin, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
    if not begin or not end:
        return None
    return CellRange(int(begin[2]) - 1, column_index(begin[1]), int(end[2]) - 1, column_index(end[1]))


class MergedCells:
    """Repeats the text of merged cells in the cells that they cover. Pass it the rows of a sheet from top to bottom."""

    def __init__(self, ranges: Iterable[CellRange]) -> None:
        self._waiting = sorted(ranges, reverse=True)
        self._active: list[tuple[CellRange, str]] = []

    def add(self, area: CellRange) -> None:
        """Add a merged cell that begins in the row which is passed to `fill` next."""
        self._waiting.append(area)

    def fill(self, number: int, row: list[str]) -> list[str]:
        """Return the row with the index `number`, with the texts of merged cells added.

        A row that has no text of its own remains empty, even if merged cells from above cover it.
        """
        if not (self._waiting or self._active):
            return row
        has_own = any(row)
        self._active = [(area, text) for area, text in self._active if area.last_row >= number]
        while self._waiting and self._waiting[-1].first_row <= number:
            area = self._waiting.pop()
            if area.first_row == number and area.first_column < len(row) and row[area.first_column]:
                self._active.append((area, row[area.first_column]))
        if not has_own:
            return []
        for area, text in self._active:
            _cover(row, area, text, from_above=area.first_row < number)
        return row


def _cover(row: list[str], area: CellRange, text: str, *, from_above: bool) -> None:
    last = min(area.last_column, area.first_column + _MAX_COVERED_COLUMNS)
    row.extend([""] * (last + 1 - len(row)))
    for column in range(area.first_column, last + 1):
        if not row[column]:
            row[column] = CellText(text, is_bold=is_bold(text), is_covered=True, from_above=from_above)
