"""OCR of scanned PDF pages. Each page is rendered with pdfium, one at a time, and its text is recognized."""

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
    """Yield all pages in order, and add the recognized text to those that need OCR.

    The pages are unchanged if `context.recognizer` is None.
    """
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
    """Return a page as pixels (see `Recognizer.lines`), and the number of pixels per point.

    Return None if pdfium cannot read the page, if its images exceed `limits.image_pixels`, or if `limits.ocr_pages` pages
    were passed to OCR before. The last limit is needed because a small file can repeat one image on any number of pages.
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
    """Return the total number of pixels of all images on a page, because pdfium may keep all of them decoded at once."""
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    sizes = (image.get_px_size() for image in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE]))
    return sum(width * height for width, height in sizes)


def render_scale(width: float, height: float, limits: ParsingLimits) -> float:
    """Return the number of pixels per point at which to render a page. `width` and `height` are in points.

    The scale follows from `limits.ocr_dpi`. It is lower for a very large page, so that the image has at most
    `limits.ocr_pixels` pixels and its longer side is at most `MAX_SIDE`.
    """
    longest, area = max(width, height, 1.0), max(width, 1.0) * max(height, 1.0)
    wanted = limits.ocr_dpi / _POINTS_PER_INCH
    return min(wanted, MAX_SIDE / longest, sqrt(limits.ocr_pixels / area))
