"""OCR of scanned PDF pages: renders each with pdfium, one at a time, and recognizes its text."""

from collections.abc import Iterator
from math import sqrt
from typing import Any

from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.worker.ocr.page_recognition import FontSizes, recognize_page
from engines.parsing.worker.ocr.recognizer import MAX_SIDE
from engines.parsing.worker.pages.page_spans import Page
from engines.parsing.worker.parse_context import ParseContext

_POINTS_PER_INCH = 72


def recognize_scanned_pages(pages: Iterator[Page], context: ParseContext) -> Iterator[Page]:
    """Yield all pages in order, with the recognized text of those that need OCR. Without OCR, pages are unchanged."""
    if context.recognizer is None:
        yield from pages
        return
    import pypdfium2

    sizes = FontSizes()
    with pypdfium2.PdfDocument(context.path) as document:
        for page in pages:
            if page.needs_ocr:
                rendered = _render(document, page.number - 1, context)
                if rendered:
                    recognize_page(page, *rendered, context.recognizer, sizes, context)
                page.ocr_skipped = rendered is None
            yield page


def _render(document: Any, index: int, context: ParseContext) -> tuple[Any, float] | None:
    """Return the pixels of a page and their number per point.

    Return None for a page that pdfium cannot read, a page whose images exceed `limits.image_pixels`, and a page above
    `limits.ocr_pages`: a small file can repeat one image on any number of pages.
    """
    import numpy as np
    from pypdfium2 import PdfiumError

    limits = context.limits
    if context.ocr_pages >= limits.ocr_pages:
        return None
    try:
        page = document[index]
        try:
            if _image_pixels(page) > limits.image_pixels:
                return None
            scale = render_scale(page.get_width(), page.get_height(), limits)
            return np.ascontiguousarray(page.render(scale=scale).to_numpy()), scale
        finally:
            page.close()
    except PdfiumError:
        return None


def _image_pixels(page: Any) -> int:
    """Return the pixels of all images on a page, because pdfium may keep all of them decoded at once."""
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    sizes = (image.get_px_size() for image in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE]))
    return sum(width * height for width, height in sizes)


def render_scale(width: float, height: float, limits: ParsingLimits) -> float:
    """Return the pixels per point for a page of this size in points.

    The scale follows from `limits.ocr_dpi`. For a very large page it is lowered to keep within `limits.ocr_pixels` and
    within the recognizer's longest side.
    """
    longest, area = max(width, height, 1.0), max(width, 1.0) * max(height, 1.0)
    wanted = limits.ocr_dpi / _POINTS_PER_INCH
    return min(wanted, MAX_SIDE / longest, sqrt(limits.ocr_pixels / area))
