"""Decides whether the first row of a table of text names its columns, or whether its first column contains keys."""

import re
from collections.abc import Sequence

from engines.parsing.worker.pages.tables.values import is_period, is_value

_QUANTITY = re.compile(r"[-+–−]?[$€£¥]?\s?\d[\d.,:/ -]*\s?[^\W\d_]{0,4}[%°²³]?", re.I)
_MIN_ALIKE = 2


def header_of(rows: Sequence[Sequence[str]], bold: Sequence[bool], bold_keys: Sequence[bool]) -> list[str] | None:
    """Return the names of the columns if the first row contains them, else None.

    `bold[row]` is True if all cells of a row are bold, `bold_keys[row]` if its first cell is. A table of two columns needs
    evidence for a header: its style, or quantities below a name. Without it, the first column is taken for keys, which is
    right for a data sheet and does no harm otherwise.
    """
    first, others = rows[0], rows[1:]
    if not others or not any(first):
        return None
    if bold[0] and not all(bold[1:]):
        return list(first)
    if all(bold_keys) and not bold[0]:
        return None
    can_be_names = all(_can_be_name(cell) for cell in first)
    if not can_be_names or len({cell for cell in first if cell}) < sum(map(bool, first)):
        return None
    if len(first) == 2:
        is_keys = first[0].endswith(":") or not _are_quantities([row[1] for row in others])
        return None if is_keys else list(first)
    return list(first) if sum(map(bool, first)) >= len(first) - 1 else None


def _are_quantities(values: Sequence[str]) -> bool:
    """Return True if all values of a column are numbers, with or without a unit."""
    present = [value for value in values if value]
    return len(present) >= _MIN_ALIKE and all(is_value(value) or bool(_QUANTITY.fullmatch(value)) for value in present)


def _can_be_name(cell: str) -> bool:
    """Return True if a cell can be a column's name. Numbers other than periods, and options such as `-v`, cannot."""
    return not cell.startswith("-") and (is_period(cell) or not any(map(str.isdigit, cell)))
