"""Pictures on their own: scans and photographs. A document of one page, or of as many as a TIFF has.

They are taken in whether or not anything can recognize text: once it can, the document is reprocessed."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt
from typing import TYPE_CHECKING, Any

from engines.parsing.limits import Limits, above_limit, check_pages
from engines.parsing.worker.block import Block, PageDone
from engines.parsing.worker.pages.batches import blocks_of_pages
from engines.parsing.worker.pages.coverage import Coverage, damaged
from engines.parsing.worker.pages.page import Page
from engines.parsing.worker.pages.pictures import LetterSizes, read_picture
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.recognizer import INSTALL, LONGEST_SIDE, Recognizer
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

if TYPE_CHECKING:
    from PIL import Image
_READERS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
_SMALL = 1200
"""Pixels of the longer side: a picture of a screen is enlarged, since its letters have ten pixels and less."""


def read(reading: Reading) -> Iterator[Block | PageDone]:
    if reading.recognizer is None:
        raise DocumentUnreadable(ErrorCode.NO_TEXT, f"The file is an image; {INSTALL}.")
    coverage = Coverage()
    yield from blocks_of_pages(_pages(reading, reading.recognizer), reading, {}, coverage)
    coverage.judge(reading)


def _pages(reading: Reading, recognizer: Recognizer) -> Iterator[Page]:
    """A pixel of the picture is a point of the page: it has no size on paper that one could rely on."""
    sizes = LetterSizes()
    with _opened(reading) as image:
        for index in range(reading.page_count or 1):
            if reading.pages_looked_at >= reading.limits.recognized_pages:
                yield Page(index + 1, 1, 1, [], pictures=1, unseen=True)
            elif drawn := _draw(image, index, reading.limits):
                pixels, (width, height), scale = drawn
                page = Page(index + 1, width, height, [], pictures=1, pictured=1.0)
                read_picture(page, pixels, scale, recognizer, sizes, reading)
                yield page


@contextmanager
def _opened(reading: Reading) -> Iterator["Image.Image"]:
    """Sets the number of pages. Pillow's warning of large pictures is left to the limit on pixels."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(reading.path, formats=_READERS)
            reading.page_count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        except Image.DecompressionBombError as error:
            raise _too_large(reading.limits) from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise damaged("The image is damaged or cut off and cannot be opened.") from error
        with image:
            check_pages(reading.page_count, reading.limits.pages)
            yield image


def _draw(image: "Image.Image", index: int, limits: Limits) -> tuple[Any, tuple[int, int], float] | None:
    """Pixels as the recognizer wants them, the size of the page, and the scale between the two; None where it is damaged."""
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
    fitting = (max(1, round(plain.width * scale)), max(1, round(plain.height * scale)))
    pixels = np.asarray(_on_paper(plain.resize(fitting, reducing_gap=2.0)))
    return np.ascontiguousarray(pixels[:, :, ::-1]), plain.size, scale


def _scale_for(width: int, height: int, limits: Limits) -> float:
    wanted = 2.0 if max(width, height) < _SMALL else 1.0
    return min(wanted, LONGEST_SIDE / max(width, height), sqrt(limits.recognition_pixels / (width * height)))


def _in_eight_bits(image: "Image.Image") -> "Image.Image":
    """In a mode that can be made smaller well; most images are in one, and are not copied: they may be large."""
    image.load()
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("L", "RGB", "LA", "RGBA") and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _on_paper(image: "Image.Image") -> "Image.Image":
    """What is transparent is white."""
    from PIL import Image

    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    return image.convert("RGB")


def _too_large(limits: Limits) -> DocumentUnreadable:
    return above_limit(f"The image has more than {limits.image_pixels:,} pixels, which is more than can be read.")
