"""Coordinates of a PDF page: conversion from the file's user space to points from the displayed page's top left corner."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageFrame:
    """The visible box of a page in user space, whose y axis points up, and the rotation with which it is displayed."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int
    "Clockwise quarter turns."

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of the displayed page."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.rotation % 2 else (width, height)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return the coordinates of a point on the displayed page."""
        match self.rotation % 4:
            case 1:
                return y - self.bottom, x - self.left
            case 2:
                return self.right - x, y - self.bottom
            case 3:
                return self.top - y, self.right - x
        return x - self.left, self.top - y

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of a box on the displayed page."""
        (x0, y0), (x1, y1) = self.point(left, bottom), self.point(right, top)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
