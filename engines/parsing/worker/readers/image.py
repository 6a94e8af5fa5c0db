"""Image files, read by OCR: a document of one page, or of one page for each image of a TIFF file."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt
from typing import TYPE_CHECKING, Any

from engines.parsing.parsing_limits import ParsingLimits, above_limit, check_pages
from engines.parsing.worker.blocks.block import Block, PageDone
from engines.parsing.worker.ocr.page_recognition import FontSizes, recognize_page
from engines.parsing.worker.ocr.recognizer import INSTALL_ADVICE, MAX_SIDE, Recognizer
from engines.parsing.worker.pages.page_blocks import blocks_of_pages
from engines.parsing.worker.pages.page_coverage import PageCoverage, damaged
from engines.parsing.worker.pages.page_spans import Page
from engines.parsing.worker.parse_context import ParseContext
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

if TYPE_CHECKING:
    from PIL import Image
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
_SCREEN_SIDE = 1200
"""Minimum length, in pixels, of the longer side of an image that is not enlarged for OCR.

Smaller images are often screenshots, whose letters are at most ten pixels high.
"""


def read(context: ParseContext) -> Iterator[Block | PageDone]:
    """Yield the recognized text. Raises `DocumentUnreadable` (NO_TEXT) if the OCR extra is not installed."""
    if context.recognizer is None:
        raise DocumentUnreadable(ErrorCode.NO_TEXT, f"The file is an image, which was not read. {INSTALL_ADVICE}")
    coverage = PageCoverage()
    yield from blocks_of_pages(_pages(context, context.recognizer), context, {}, coverage)
    coverage.report(context)


def _pages(context: ParseContext, recognizer: Recognizer) -> Iterator[Page]:
    """Yield a page for each image. One pixel counts as one point, because the size on paper is not known reliably."""
    sizes = FontSizes()
    with _open(context) as image:
        for index in range(context.page_count or 1):
            if context.ocr_pages >= context.limits.ocr_pages:
                yield Page(index + 1, 1, 1, [], images=1, ocr_skipped=True)
            elif rendered := _render(image, index, context.limits):
                pixels, (width, height), scale = rendered
                page = Page(index + 1, width, height, [], images=1, image_share=1.0)
                recognize_page(page, pixels, scale, recognizer, sizes, context)
                yield page


@contextmanager
def _open(context: ParseContext) -> Iterator["Image.Image"]:
    """Open the image and set the page count. Pillow's warning about large images is replaced by our limit on pixels."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(context.path, formats=_FORMATS)
            context.page_count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        except Image.DecompressionBombError as error:
            raise _too_large(context.limits) from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise damaged("The image is damaged or incomplete and cannot be opened. Upload an intact copy.") from error
        with image:
            check_pages(context.page_count, context.limits.pages)
            yield image


def _render(image: "Image.Image", index: int, limits: ParsingLimits) -> tuple[Any, tuple[int, int], float] | None:
    """Return the image with this index as an array for `Recognizer.lines`, its size in pixels, and the array's scale.

    The scale is the size of the array divided by the size of the image. Return None for a damaged image.
    """
    import numpy as np
    from PIL import Image, ImageOps

    try:
        image.seek(index)
        if image.width * image.height > limits.image_pixels:
            raise _too_large(limits)
        ImageOps.exif_transpose(image, in_place=True)
        plain = _in_eight_bits(image)
    except Image.DecompressionBombError as error:
        raise _too_large(limits) from error
    except (OSError, SyntaxError, ValueError, EOFError):
        return None
    scale = _scale_for(*plain.size, limits)
    scaled_size = (max(1, round(plain.width * scale)), max(1, round(plain.height * scale)))
    pixels = np.asarray(_on_white(plain.resize(scaled_size, reducing_gap=2.0)))
    return np.ascontiguousarray(pixels[:, :, ::-1]), plain.size, scale


def _scale_for(width: int, height: int, limits: ParsingLimits) -> float:
    wanted = 2.0 if max(width, height) < _SCREEN_SIDE else 1.0
    return min(wanted, MAX_SIDE / max(width, height), sqrt(limits.ocr_pixels / (width * height)))


def _in_eight_bits(image: "Image.Image") -> "Image.Image":
    """Return the image with 8 bits for each channel, so that it can be resized well.

    Most images have such a mode. They are not copied, because they may be large.
    """
    image.load()
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("L", "RGB", "LA", "RGBA") and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _on_white(image: "Image.Image") -> "Image.Image":
    """Return the image in RGB, with transparent areas in white."""
    from PIL import Image

    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    return image.convert("RGB")


def _too_large(limits: ParsingLimits) -> DocumentUnreadable:
    return above_limit(
        f"The image exceeds the limit of {limits.image_pixels:,} pixels. Scale it down and upload it again."
    )
