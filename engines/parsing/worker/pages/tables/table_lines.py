"""Lines of a page as possible lines of a table: their cells, and the kind of each line."""

import re
from collections.abc import Sequence
from functools import cached_property

from engines.parsing.worker.blocks.cell_values import is_period, is_value
from engines.parsing.worker.pages.lines import Cell, Line
from engines.parsing.worker.pages.tables.bands import Band
from engines.parsing.worker.pages.tables.values import value_cells

_UNITS = re.compile(
    r"\(?\s*(?:(?:all\s+)?(?:dollars?|amounts?|figures|u\.?s\.?\s*(?:dollars|\$)|usd|eur|[$€£]|shares)?[\s,;]*(?:are\s+)?"
    r"(?:expressed\s+)?in\s+(?:\w+\s+)*?(?:millions?|thousands?|billions?|dollars|euros?)\b|"
    r"(?:millions?|thousands?|billions?)\b|unaudited).*",
    re.I,
)
_MAX_NAME = 80
"""Maximum length, in characters, of a cell that is a part of a column's name."""


class TableLine:
    """A line of a page, divided into cells as a table needs them: signs are joined to their numbers (`value_cells`)."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.cells = value_cells(line)

    @cached_property
    def is_data(self) -> bool:
        """True if the line has a value after a label, or several values. Years and other periods do not count as values."""
        values = [self._is_value(cell) for cell in self.cells]
        return len(values) > 1 and any(values) and (not values[0] or sum(values) > 1)

    @cached_property
    def has_values(self) -> bool:
        return any(self._is_value(cell) for cell in self.cells)

    @cached_property
    def is_units(self) -> bool:
        """True for a line that only states the unit of the values, such as `(in millions)`."""
        return len(self.cells) == 1 and is_units(self.line.text)

    @staticmethod
    def _is_value(cell: Cell) -> bool:
        return is_value(cell.text) and not is_period(cell.text)

    def gap_to(self, other: "TableLine") -> float:
        """Return the vertical gap between this line and the line `other` below it, in line heights."""
        height = max(1.0, min(self.line.height, other.line.height))
        return (other.line.top - self.line.bottom) / height

    def cells_over(self, bands: Sequence[Band]) -> list[Cell]:
        """Return the cells that overlap at least one of the bands horizontally."""
        return [cell for cell in self.cells if any(band.overlap(cell.left, cell.right) > 0 for band in bands)]


def is_units(text: str) -> bool:
    """Return True for a text that states a unit of values, such as `(in millions)`, and nothing else."""
    return bool(_UNITS.fullmatch(text)) and len(text) <= _MAX_NAME


def _are_periods(line: TableLine, bands: Sequence[Band], first_value: int) -> bool:
    """Return True if a line has as many periods as there are columns of values, and they are right of the labels.

    Such a line is a header although its cells are not directly above the values.
    """
    periods = [cell for cell in line.cells if is_period(cell.text)]
    is_right = not periods or first_value == 0 or periods[0].left > bands[first_value - 1].right
    return len(periods) == len(bands) - first_value and is_right


def can_name_columns(line: TableLine, bands: Sequence[Band], first_value: int) -> bool:
    """Return True if a line can be a part of the header: it has no values, and short texts or periods above the values.

    `first_value` is the index of the first band with values.
    """
    if line.has_values:
        return False
    if not line.cells_over(bands[first_value:]):
        return _are_periods(line, bands, first_value)
    begin = bands[first_value].left
    for cell in line.cells:
        crosses = first_value > 0 and cell.left < bands[first_value - 1].right - cell.height and cell.right > begin
        if len(cell.text) > _MAX_NAME or (crosses and cell.left < begin - 3 * cell.height and len(line.cells) == 1):
            return False
    return True
