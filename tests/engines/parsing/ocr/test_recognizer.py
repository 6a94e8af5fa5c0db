"""Parts of OCR without a document: the recognizer, font sizes, and which pages are rendered at which resolution."""

import numpy as np
import pytest

from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.worker.ocr.page_recognition import FontSizes
from engines.parsing.worker.ocr.recognizer import Recognizer, find_recognizer
from engines.parsing.worker.ocr.scanned_pages import render_scale
from engines.parsing.worker.pages.page_spans import Page, Span


def line(text: str, top: float, height: float = 10) -> Span:
    return Span(text, 0, top, 200, top + height)


def test_an_empty_image_has_no_lines() -> None:
    assert Recognizer().lines(np.full((100, 200, 3), 255, np.uint8)) == []


def test_the_ocr_extra_is_installed_for_the_tests() -> None:
    assert find_recognizer() is not None


def test_similar_line_heights_are_one_font_size_on_all_pages() -> None:
    lines = [line("a heading", 0, height=20), *(line("body text", 40, height=height) for height in (9, 10, 11, 12))]
    sizes = FontSizes()
    heights = [each.height for each in sizes.normalize(lines)]
    assert heights[0] == 20
    assert len(set(heights[1:])) == 1
    assert {each.height for each in sizes.normalize([line("the next page", 0, height=11.5)])} == set(heights[1:])


def test_a_page_is_rendered_at_the_configured_resolution() -> None:
    assert render_scale(595, 842, ParsingLimits(ocr_dpi=200)) == 200 / 72


def test_a_very_large_page_is_rendered_within_the_pixel_limits() -> None:
    limits = ParsingLimits(ocr_dpi=200, ocr_pixels=8_000_000)
    scale = render_scale(14_000, 10_000, limits)
    assert 14_000 * scale * 10_000 * scale <= 8_000_001
    assert 14_000 * render_scale(14_000, 1, limits) <= 6_000


STAMP = line("Received 12 May", 50)
PROSE = [line(f"line {number} with quite some words", 14 * number) for number in range(20)]


@pytest.mark.parametrize(
    ("page", "needs_ocr"),
    [
        (Page(1, 600, 800, [], images=1, image_share=0.1), True),
        (Page(1, 600, 800, [STAMP], images=1, image_share=0.9), True),
        (Page(1, 600, 800, [STAMP], images=1, image_share=0.1), False),
        (Page(1, 600, 800, PROSE, images=1, image_share=0.9), False),
        (Page(1, 600, 800, []), False),
    ],
    ids=["image only", "stamp on a scan", "stamp beside an image", "text on a scan", "blank"],
)
def test_ocr_is_needed_for_images_without_text_or_with_very_little(page: Page, needs_ocr: bool) -> None:
    assert page.needs_ocr is needs_ocr
