"""Bands of a table: the horizontal ranges of its columns. They are found by the positions of the cells of all rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engines.parsing.worker.pages.lines import Cell

_SLACK = 0.15
"""Maximum distance between a cell and a band that it touches, in font sizes."""


@dataclass(slots=True)
class Band:
    """The horizontal range of one column, in points, and the numbers of the lines that have a cell in it."""

    left: float
    right: float
    lines: set[int] = field(default_factory=set)

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    def overlap(self, left: float, right: float) -> float:
        """Return the length, in points, of the range that the band shares with the range from `left` to `right`.

        If they do not overlap, return the distance between them as a negative number.
        """
        return min(self.right, right) - max(self.left, left)

    def include(self, cell: Cell, line: int) -> None:
        """Extend the band by a cell of the line with the number `line`."""
        self.left, self.right = min(self.left, cell.left), max(self.right, cell.right)
        self.lines.add(line)

    def merge(self, other: "Band") -> None:
        """Extend the band by another one."""
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.lines |= other.lines


def try_add(bands: list[Band], cells: Iterable[Cell], line: int, size: float) -> bool:
    """Add the cells of a line to the bands, in place. Return False, and change nothing, if one of the cells does not fit.

    `line` is the number of the line and `size` its font size. A cell that touches no band becomes a new band. A cell that
    touches several bands merges them. It does not fit if an earlier line has cells in two of these bands, or if this line
    already has a cell in its band.
    """
    added = [Band(band.left, band.right, set(band.lines)) for band in bands]
    for cell in cells:
        touched = [band for band in added if band.overlap(cell.left, cell.right) > -_SLACK * size]
        if len(touched) > 1:
            overlapping = [band for band in touched if band.overlap(cell.left, cell.right) > 0]
            touched = overlapping or touched[:1]
        if not touched:
            added.append(Band(cell.left, cell.right, {line}))
            continue
        first, *others = touched
        for other in others:
            if first.lines & other.lines:
                return False
            first.merge(other)
            added.remove(other)
        if line in first.lines:
            return False
        first.include(cell, line)
    bands[:] = sorted(added, key=lambda band: band.left)
    return True


def band_of(cell: Cell, bands: Sequence[Band]) -> int | None:
    """Return the index of the band that overlaps a cell most, or None if no band overlaps it."""
    if not bands:
        return None
    best = max(range(len(bands)), key=lambda index: bands[index].overlap(cell.left, cell.right))
    return best if bands[best].overlap(cell.left, cell.right) > 0 else None


def are_alike(bands: Sequence[Band], others: Sequence[Band], tolerance: float) -> bool:
    """Return True if the bands of two tables have the same number and each is aligned with the one of the same index.

    Aligned bands overlap, and their left edges, right edges or middles are at most `tolerance` points apart.
    """
    if len(bands) != len(others):
        return False
    return all(
        band.overlap(other.left, other.right) > 0
        and min(abs(band.right - other.right), abs(band.left - other.left), abs(band.middle - other.middle))
        <= tolerance
        for band, other in zip(bands, others, strict=True)
    )
