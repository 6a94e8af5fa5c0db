"""Names of the columns of a table, from the lines of its header. The header can have several levels.

`Three months ended` above `2022` and `2021` is a part of the names of both columns. A header cell belongs to several columns
if it overlaps them, if a line is drawn between it and them, or if it is centred above them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from statistics import median

from engines.parsing.worker.blocks.cell_values import mentions_period
from engines.parsing.worker.pages.lines import Cell
from engines.parsing.worker.pages.page_spans import Ruling
from engines.parsing.worker.pages.tables.bands import Band
from engines.parsing.worker.pages.tables.table_lines import TableLine, is_units

_SPLIT_GAP = 0.4
"""Minimum gap, in font sizes, between two words of a header that can be the names of two columns."""
_WIDE_GAP, _WIDE_RATIO = 0.6, 2.0
"""Minimum gap between two names in one header cell, in font sizes, and its minimum ratio to the cell's median gap."""
_RULING_DISTANCE = 0.9
"""Maximum distance, in font sizes, between the text of a header and a drawn line that underlines it."""
_PARTIAL = 0.9
"""Maximum width of a drawn line that underlines a single name, as a share of the width of all columns with values.

A wider line underlines the whole header.
"""
_CENTRED = 1.0
"""Maximum distance, in font sizes, between the middle of a name and the middle of the columns it is centred above."""
_OVER_GROUP = 0.5
"""Minimum share of a name's width that must be above the group of columns that it names."""
_BARE_YEAR = re.compile(r"(?:19|20)\d\d\*?")


def column_names(
    header: Sequence[TableLine], bands: Sequence[Band], first: int, rulings: Sequence[Ruling]
) -> tuple[list[str], str]:
    """Return the name of each column, and the unit of the values, from the lines of a header.

    A name or unit is empty if the header states none. `first` is the index of the first band with values; the bands before
    it contain labels.

    The lines are assigned to columns from the lowest upwards, because the names in upper lines are centred above those in
    lower ones.
    """
    parts: list[list[str]] = [[] for _ in bands]
    ranges = [replace(band) for band in bands]
    for line in reversed(header):
        for cell, indexes in list(_assigned(_split_cells(line.cells, ranges, first), ranges, first, rulings)):
            if len(indexes) == 1 and not _touches_others(cell, indexes[0], ranges):
                ranges[indexes[0]].include(cell, -1)
            for index in indexes:
                parts[index].insert(0, cell.text)
    names = [_joined(each) for each in parts]
    unit = ""
    if first > 0 and (is_units(names[0]) or names[0].startswith("(")):
        unit, names[0] = names[0], ""
    elif first > 0:
        _use_label_period(names, first)
    return names, unit


def _touches_others(cell: Cell, index: int, bands: Sequence[Band]) -> bool:
    return any(band.overlap(cell.left, cell.right) > 0 for other, band in enumerate(bands) if other != index)


def _joined(parts: Iterable[str]) -> str:
    text = ""
    for part in parts:
        text = f"{text[:-1]}{part}" if text.endswith("-") and part[:1].islower() else f"{text} {part}".strip()
    return text


def _use_label_period(names: list[str], first: int) -> None:
    """Move a period from the name of the first column to the columns whose names are years, in place.

    `Year ended June` above the labels and `2022` above values become the column name `Year ended June 2022`.
    """
    label = names[0]
    if mentions_period(label) and any(_BARE_YEAR.fullmatch(name) for name in names[first:]):
        for index in range(first, len(names)):
            if _BARE_YEAR.fullmatch(names[index]):
                names[index] = f"{label} {names[index]}"
        names[0] = ""


def _split_cells(cells: Sequence[Cell], bands: Sequence[Band], first: int) -> list[Cell]:
    """Return the cells of a header line, with those divided that contain the names of several columns."""
    parts: list[Cell] = []
    for cell in chain.from_iterable(map(_at_wide_gaps, cells)):
        below = [band for band in bands[max(0, first - 1) :] if band.overlap(cell.left, cell.right) > 0]
        parts += _split(cell, below) if len(below) > 1 and len(cell.spans) > 1 else [cell]
    return parts


def _at_wide_gaps(cell: Cell) -> list[Cell]:
    """Divide a cell at the gaps that are much wider than its other gaps. They separate the names of groups of columns."""
    gaps = [(after.left - before.right) / max(after.height, 0.1) for before, after in pairwise(cell.spans)]
    if len(gaps) < 2 or max(gaps) < max(_WIDE_GAP, _WIDE_RATIO * median(gaps)):
        return [cell]
    bounds = [0, *(number for number, gap in enumerate(gaps, 1) if gap >= max(_WIDE_GAP, _WIDE_RATIO * median(gaps)))]
    return [Cell(cell.spans[begin:end]) for begin, end in pairwise([*bounds, len(cell.spans)])]


def _split(cell: Cell, bands: Sequence[Band]) -> list[Cell]:
    """Divide a cell into one cell for each band. Each span goes to the band that is nearest to it.

    Return the cell undivided if a band has no span, or if a gap between two of the parts is too narrow.
    """
    groups: list[list[int]] = [[] for _ in bands]
    for number, span in enumerate(cell.spans):
        middle = (span.left + span.right) / 2
        groups[min(range(len(bands)), key=lambda index: _distance(bands[index], middle))].append(number)
    if not all(groups) or [number for group in groups for number in group] != list(range(len(cell.spans))):
        return [cell]
    for before, after in pairwise(groups):
        left, right = cell.spans[before[-1]], cell.spans[after[0]]
        if right.left - left.right < _SPLIT_GAP * right.height:
            return [cell]
    return [Cell([cell.spans[number] for number in group]) for group in groups]


def _distance(band: Band, x: float) -> float:
    return max(band.left - x, x - band.right, 0.0) + abs(band.middle - x) / 1000


def _assigned(
    cells: Sequence[Cell], bands: Sequence[Band], first: int, rulings: Sequence[Ruling]
) -> Iterable[tuple[Cell, range]]:
    """Yield each cell of one header line with the indexes of the bands that it names."""
    labels = [cell for cell in cells if cell.right <= bands[first].left and _is_over_any(cell, bands[:first])]
    names = [cell for cell in cells if cell not in labels]
    for cell in labels:
        yield cell, range(_nearest(cell, bands[:first]), _nearest(cell, bands[:first]) + 1)
    if len(names) == 1 and _is_period_of_all(names[0], bands[first:]):
        yield names[0], range(first, len(bands))
        return
    if len(names) == len(bands) - first:
        yield from ((cell, range(first + number, first + number + 1)) for number, cell in enumerate(names))
        return
    if (tiled := _tiled(names, bands, first)) is not None:
        yield from zip(names, tiled, strict=True)
        return
    overlapped = [_overlapped(cell, bands, first, rulings) for cell in names]
    for number, cell in enumerate(names):
        begin = overlapped[number - 1].stop if number else first
        end = overlapped[number + 1].start if number + 1 < len(names) else len(bands)
        yield cell, _spanned(cell, bands, overlapped[number], begin, end)


def _is_over_any(cell: Cell, bands: Sequence[Band]) -> bool:
    return any(band.overlap(cell.left, cell.right) > 0 for band in bands)


def _is_period_of_all(cell: Cell, bands: Sequence[Band]) -> bool:
    """Return True for a period that is centred above all columns of values."""
    middle = (bands[0].left + bands[-1].right) / 2
    return mentions_period(cell.text) and abs(middle - cell.middle) <= 2 * _CENTRED * cell.height


def _nearest(cell: Cell, bands: Sequence[Band]) -> int:
    return max(range(len(bands)), key=lambda index: bands[index].overlap(cell.left, cell.right))


def _overlapped(cell: Cell, bands: Sequence[Band], first: int, rulings: Sequence[Ruling]) -> range:
    """Return the indexes of the bands below a cell or below the line that underlines it; if none is, the nearest band."""
    left, right = cell.left, cell.right
    for ruling in rulings:
        bottom = max(span.bottom for span in cell.spans)
        is_below = -0.4 * cell.height < ruling.top - bottom < _RULING_DISTANCE * cell.height
        is_centred = ruling.left - 2 <= cell.middle <= ruling.right + 2
        is_partial = ruling.right - ruling.left < _PARTIAL * (bands[-1].right - bands[first].left)
        if ruling.is_horizontal and is_below and is_centred and is_partial:
            left, right = min(left, ruling.left), max(right, ruling.right)
    found = [index for index in range(first, len(bands)) if _is_below(bands[index], left, right, cell)]
    if not found:
        found = [max(range(first, len(bands)), key=lambda index: bands[index].overlap(cell.left, cell.right))]
    return range(found[0], found[-1] + 1)


def _is_below(band: Band, left: float, right: float, cell: Cell) -> bool:
    shared = band.overlap(left, right)
    return shared > 0 and (band.overlap(cell.left, cell.right) > 0 or shared > (band.right - band.left) / 2)


def _spanned(cell: Cell, bands: Sequence[Band], below: range, begin: int, end: int) -> range:
    """Return the indexes of the bands that a cell is centred above.

    They include the bands `below` the cell. More can be added, from `begin` up to `end`: these are not below another cell.
    """
    options = [
        range(left, right)
        for left in range(min(begin, below.start), below.start + 1)
        for right in range(below.stop, max(end, below.stop) + 1)
    ]
    deviations = {
        option: abs((bands[option.start].left + bands[option.stop - 1].right) / 2 - cell.middle) for option in options
    }
    best = min(deviations.values())
    if len(below) == 1 and bands[below.start].overlap(cell.left, cell.right) > 0:
        is_aligned = min(
            deviations[below], abs(bands[below.start].right - cell.right), abs(bands[below.start].left - cell.left)
        )
        return below if is_aligned <= _CENTRED * cell.height else min(options, key=lambda option: deviations[option])
    centred = [option for option in options if deviations[option] <= best + _CENTRED * cell.height]
    return max(centred, key=len)


def _tiled(cells: Sequence[Cell], bands: Sequence[Band], first: int) -> list[range] | None:
    """Return one group of bands for each cell, all groups with the same number of bands; None if they do not fit the cells.

    The groups fit if each cell is centred above its group, or if all cells are shifted by the same distance. Currency signs
    in columns of their own, left of the numbers, shift all names to the left.
    """
    count = len(bands) - first
    if len(cells) < 2 or count <= len(cells) or count % len(cells):
        return None
    size = count // len(cells)
    groups = [range(begin, begin + size) for begin in range(first, len(bands), size)]
    offsets = []
    for cell, group in zip(cells, groups, strict=True):
        left, right = bands[group.start].left, bands[group.stop - 1].right
        if min(cell.right, right) - max(cell.left, left) < _OVER_GROUP * cell.width:
            return None
        offsets.append(cell.middle - (left + right) / 2)
    height = cells[0].height
    widths = [bands[group.stop - 1].right - bands[group.start].left for group in groups]
    is_centred = all(abs(offset) <= 0.25 * width for offset, width in zip(offsets, widths, strict=True))
    return groups if is_centred or max(offsets) - min(offsets) <= _CENTRED * height else None
