"""Coordinates of a PDF page: conversion from the file's user space to points from the displayed page's top left corner."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageFrame:
    """The visible box of a page, and the rotation with which the page is displayed.

    The edges are in user space, the coordinates of the file in points, whose y axis points up.
    """

    left: float
    bottom: float
    right: float
    top: float
    rotation: int
    "Clockwise quarter turns, 0 to 3."

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of the displayed page, in points."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.rotation % 2 else (width, height)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Convert a point in user space to the displayed page. The origin is the top left corner, the y axis points down."""
        match self.rotation % 4:
            case 1:
                return y - self.bottom, x - self.left
            case 2:
                return self.right - x, y - self.bottom
            case 3:
                return self.top - y, self.right - x
        return x - self.left, self.top - y

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Convert a box in user space to the displayed page. Return its left, top, right and bottom edge, in points."""
        (x0, y0), (x1, y1) = self.point(left, bottom), self.point(right, top)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
