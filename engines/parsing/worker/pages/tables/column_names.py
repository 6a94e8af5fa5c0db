"""Names of columns from the lines of a header, which can have several levels.

`Three months ended` above `2022` and `2021` is a part of both names. A cell that belongs to several columns is found by its
overlap, by the line drawn below it, or because it is centred above them.
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
"""Gap between two words of a header above which they can be the names of two columns, in font sizes."""
_WIDE_GAP, _WIDE_RATIO = 0.6, 2.0
"""Gap in font sizes, and its ratio to the median gap, from which the texts on both sides are different names."""
_RULING_DISTANCE = 0.9
"""Distance below a header's text up to which a drawn line underlines it, in font sizes."""
_PARTIAL = 0.9
"""Share of the width of all columns up to which a drawn line underlines the name of some of them."""
_CENTRED = 1.0
"""Distance between the middles of a name and its columns up to which the name is centred above them, in font sizes."""
_OVER_GROUP = 0.5
"""Share of the width of a name that is above its group of columns."""
_BARE_YEAR = re.compile(r"(?:19|20)\d\d\*?")


def column_names(
    header: Sequence[TableLine], bands: Sequence[Band], first: int, rulings: Sequence[Ruling]
) -> tuple[list[str], str]:
    """Return the name of each band, and the unit of the values, from the lines of a header.

    `first` is the index of the first band with values.

    The lowest line is assigned first: its names are a part of their columns, above which other names are centred.
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
    """Move the period that the column of labels names to the years."""
    label = names[0]
    if mentions_period(label) and any(_BARE_YEAR.fullmatch(name) for name in names[first:]):
        for index in range(first, len(names)):
            if _BARE_YEAR.fullmatch(names[index]):
                names[index] = f"{label} {names[index]}"
        names[0] = ""


def _split_cells(cells: Sequence[Cell], bands: Sequence[Band], first: int) -> list[Cell]:
    """Divide the cells that contain the names of neighbouring columns, with little space between them."""
    parts: list[Cell] = []
    for cell in chain.from_iterable(map(_at_wide_gaps, cells)):
        below = [band for band in bands[max(0, first - 1) :] if band.overlap(cell.left, cell.right) > 0]
        parts += _split(cell, below) if len(below) > 1 and len(cell.spans) > 1 else [cell]
    return parts


def _at_wide_gaps(cell: Cell) -> list[Cell]:
    """Divide a cell at the gaps that are clearly wider than its other gaps: names of two groups of columns."""
    gaps = [(after.left - before.right) / max(after.height, 0.1) for before, after in pairwise(cell.spans)]
    if len(gaps) < 2 or max(gaps) < max(_WIDE_GAP, _WIDE_RATIO * median(gaps)):
        return [cell]
    bounds = [0, *(number for number, gap in enumerate(gaps, 1) if gap >= max(_WIDE_GAP, _WIDE_RATIO * median(gaps)))]
    return [Cell(cell.spans[begin:end]) for begin, end in pairwise([*bounds, len(cell.spans)])]


def _split(cell: Cell, bands: Sequence[Band]) -> list[Cell]:
    """Divide a cell between the bands. Return it whole without a wide gap at each border, and text above each band."""
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
    """Yield the cells of one line of the header with the indexes of their bands."""
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
    """Return the bands below a cell, or below the line that underlines it; else the nearest band."""
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
    """Return the bands that a cell is centred above: those below it, and more if no other cell of the line is above them."""
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
    """Return equal groups of bands if each cell is centred above one of them, or all are as far from its middle.

    The columns of currency signs, which are left of the numbers, move all names to the left.
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
