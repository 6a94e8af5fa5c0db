"""Straight lines and images of a PDF page, read with pdfium. The lines show where the cells of a table end."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from engines.parsing.worker.pages.page_spans import Ruling
from engines.parsing.worker.pdf.page_frame import PageFrame

_MAX_OBJECTS = 100_000
"""Maximum number of objects of a page that are examined. A drawing can have millions."""
_MAX_RULINGS = 2_000
"""Maximum number of lines on a page. If there are more, all are ignored, because they are a drawing."""
_MAX_SEGMENTS = 400
"""Maximum number of segments of a path. A path with more is a drawing and is ignored."""
_MAX_DEPTH = 4
"""Maximum depth of nested form objects, which are parts of a page with a coordinate system of their own."""
_MAX_THICKNESS = 3.0
"""Maximum thickness, in points, of a filled rectangle that counts as a line."""
_MIN_LENGTH = 4.0
_TILT = 0.5
"""Maximum distance, in points, by which a horizontal or vertical line may deviate from its direction."""

_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(slots=True)
class PageGraphics:
    """The drawn lines (`rulings`) of a page, and the number and total area of its images."""

    rulings: list[Ruling] = field(default_factory=list)
    images: int = 0
    image_area: float = 0.0
    "Sum of the areas of the images, in square points."


def read_graphics(page: Any, frame: PageFrame) -> PageGraphics:
    """Read the drawn lines and the images of an open page, in coordinates of the page as `frame` displays it."""
    found = PageGraphics()
    width, height = frame.size
    for number, (kind, handle, matrix) in enumerate(_objects(page.raw, None, _IDENTITY, 0)):
        if number >= _MAX_OBJECTS:
            break
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, top, right, bottom = frame.box(*_bounds(handle, matrix))
            found.images += 1
            found.image_area += max(0.0, min(right, width) - max(left, 0)) * max(0.0, min(bottom, height) - max(top, 0))
        elif len(found.rulings) <= _MAX_RULINGS:
            found.rulings += _rulings(handle, matrix, frame)
    if len(found.rulings) > _MAX_RULINGS:
        found.rulings = []
    return found


def _objects(page: Any, form: Any, matrix: _Matrix, depth: int) -> Iterator[tuple[int, Any, _Matrix]]:
    """Yield the kind, the handle and the matrix of each path and image of a page or, if not None, of a form object.

    The matrix converts the coordinates of the object to user space. Nested forms are included.
    """
    count = pdfium.FPDFPage_CountObjects(page) if form is None else pdfium.FPDFFormObj_CountObjects(form)
    for index in range(min(count, _MAX_OBJECTS)):
        handle = pdfium.FPDFPage_GetObject(page, index) if form is None else pdfium.FPDFFormObj_GetObject(form, index)
        kind = pdfium.FPDFPageObj_GetType(handle)
        if kind in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE):
            yield kind, handle, matrix
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
            yield from _objects(page, handle, _product(_matrix(handle), matrix), depth + 1)


def _matrix(handle: Any) -> _Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(handle, matrix):
        return _IDENTITY
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _product(inner: _Matrix, outer: _Matrix) -> _Matrix:
    """Return the matrix that applies `inner` first and `outer` second."""
    a, b, c, d, e, f = inner
    (x0, y0), (x1, y1), (x2, y2) = (_moved(x, y, (*outer[:4], 0, 0)) for x, y in ((a, b), (c, d), (e, f)))
    return x0, y0, x1, y1, x2 + outer[4], y2 + outer[5]


def _moved(x: float, y: float, matrix: _Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _bounds(handle: Any, matrix: _Matrix) -> tuple[float, float, float, float]:
    """Return the left, bottom, right and top edge of an object in user space; zeros if pdfium cannot determine them."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
        return 0.0, 0.0, 0.0, 0.0
    corners = [_moved(x, y, matrix) for x in (left.value, right.value) for y in (bottom.value, top.value)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _rulings(handle: Any, matrix: _Matrix, frame: PageFrame) -> Iterator[Ruling]:
    """Yield the visible straight lines of a path: strokes, and filled rectangles that are as thin as a line."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(handle, fill, stroke)
    if not fill.value and not stroke.value:
        return
    box = frame.box(*_bounds(handle, matrix))
    width, height = box[2] - box[0], box[3] - box[1]
    if min(width, height) <= _MAX_THICKNESS:
        if max(width, height) >= _MIN_LENGTH:
            yield Ruling(*box)
    elif stroke.value and pdfium.FPDFPath_CountSegments(handle) <= _MAX_SEGMENTS:
        yield from _strokes(handle, _product(_matrix(handle), matrix), frame)


def _strokes(handle: Any, matrix: _Matrix, frame: PageFrame) -> Iterator[Ruling]:
    """Yield the horizontal and vertical segments of a stroked path."""
    x, y = ctypes.c_float(), ctypes.c_float()
    first = before = (0.0, 0.0)
    for index in range(pdfium.FPDFPath_CountSegments(handle)):
        segment = pdfium.FPDFPath_GetPathSegment(handle, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = frame.point(*_moved(x.value, y.value, matrix))
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield from _straight(before, point)
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield from _straight(point, first)
        before = point


def _straight(begin: tuple[float, float], end: tuple[float, float]) -> Iterator[Ruling]:
    left, right = sorted((begin[0], end[0]))
    top, bottom = sorted((begin[1], end[1]))
    if min(right - left, bottom - top) <= _TILT and max(right - left, bottom - top) >= _MIN_LENGTH:
        yield Ruling(left, top, right, bottom)
