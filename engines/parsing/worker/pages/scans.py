"""Scanned pages of a PDF, drawn by pdfium one at a time and read by the recognizer."""

from collections.abc import Iterator
from math import sqrt
from typing import Any

from engines.parsing.limits import Limits
from engines.parsing.worker.pages.page import Page
from engines.parsing.worker.pages.pictures import LetterSizes, read_picture
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.recognizer import LONGEST_SIDE

_POINTS_PER_INCH = 72


def with_scans_read(pages: Iterator[Page], reading: Reading) -> Iterator[Page]:
    """All pages in their order; where nothing can recognize text, as they are."""
    if reading.recognizer is None:
        yield from pages
        return
    import pypdfium2

    sizes = LetterSizes()
    with pypdfium2.PdfDocument(reading.path) as document:
        for page in pages:
            if page.is_picture:
                drawn = _draw(document, page.number - 1, reading)
                if drawn:
                    read_picture(page, *drawn, reading.recognizer, sizes, reading)
                page.unseen = drawn is None
            yield page


def _draw(document: Any, index: int, reading: Reading) -> tuple[Any, float] | None:
    """Its pixels, and how many of them are a point; None where pdfium cannot read it, or would take too much memory.

    None, too, where enough pages were recognized: a small file may repeat one picture on any number of them.
    """
    import numpy as np
    from pypdfium2 import PdfiumError

    limits = reading.limits
    if reading.pages_looked_at >= limits.recognized_pages:
        return None
    try:
        page = document[index]
        try:
            if _pixels_in(page) > limits.image_pixels:
                return None
            scale = scale_for(page.get_width(), page.get_height(), limits)
            return np.ascontiguousarray(page.render(scale=scale).to_numpy()), scale
        finally:
            page.close()
    except PdfiumError:
        return None


def _pixels_in(page: Any) -> int:
    """Of all its images: pdfium may hold them unpacked side by side."""
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    sizes = (image.get_px_size() for image in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE]))
    return sum(width * height for width, height in sizes)


def scale_for(width: float, height: float, limits: Limits) -> float:
    """Pixels of a point: as many as letters need, and fewer on a page so large that its picture would fill the memory."""
    longest, area = max(width, height, 1.0), max(width, 1.0) * max(height, 1.0)
    wanted = limits.recognition_dpi / _POINTS_PER_INCH
    return min(wanted, LONGEST_SIDE / longest, sqrt(limits.recognition_pixels / area))
