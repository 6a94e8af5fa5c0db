"""Scanned PDF files through the real worker and the real models."""

from collections.abc import AsyncIterator
from pathlib import Path

import pypdfium2
import pytest
import pytest_asyncio
from PIL import Image

from engines.parsing.client import Parser, open_parser
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParseProgress
from records.codes import ErrorCode
from records.document import Chunking
from tests.engines.parsing.in_process import check_chunks
from tests.engines.parsing.in_worker import open_module_parser, parse, parse_error
from tests.support.documents import files, scans
from tests.support.documents.scans import Drawn, draw_noise, draw_page, write_mixed, write_scan

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

SENTENCES = (
    "The lighthouse of Skagen was built in 1858.",
    "Its lamp burns forty litres of oil a night.",
    "The keeper counts seven ships before dawn.",
)
INSTALL_ADVICE = "Install the OCR extra (`make setup OCR=1`) and reprocess the document."
SKIPPED = "are images that are damaged, too large or beyond the page limit of OCR, and were not read"


def draw_sentence(number: int) -> Image.Image:
    """Return a page with the sentence of this number. Each sentence is at a different height of its page."""
    return draw_page([Drawn(SENTENCES[number], 40, 60 + 40 * number)])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[Parser]:
    """Yield a parser with a low limit on pixels."""
    async with open_module_parser(ParsingLimits(image_pixels=4_000_000)) as parser:
        yield parser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser_without_ocr() -> AsyncIterator[Parser]:
    """Yield a parser that behaves as if the OCR extra were not installed."""
    async with open_module_parser(ocr=False) as parser:
        yield parser


async def test_the_lines_of_a_scan_are_read_with_their_boxes(parser: Parser, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.pdf", [draw_sentence(number) for number in range(3)])
    found = await parse(parser, tmp_path / "scan.pdf")
    check_chunks(found.text, found.chunks)
    assert found.text == "\n\n".join(SENTENCES)
    coverage = found.document.coverage
    assert (coverage.pages, coverage.pages_with_text, coverage.pages_recognized) == (3, 3, 3)
    assert coverage.warnings == ()
    boxes = [box for chunk in found.chunks if (box := chunk.bounding_box)]
    assert boxes[0].page == 1
    assert boxes[0].left == pytest.approx(40, abs=5)
    assert boxes[0].top == pytest.approx(62, abs=6)
    assert boxes[0].bottom == pytest.approx(74, abs=6)


@pytest.mark.parametrize("rotation", [90, 180, 270])
async def test_a_page_with_a_rotation_is_read_as_it_is_displayed(parser: Parser, tmp_path: Path, rotation: int) -> None:
    write_scan(tmp_path / "rotated.pdf", [draw_sentence(1)], rotation=rotation)
    found = await parse(parser, tmp_path / "rotated.pdf")
    assert found.text == SENTENCES[1]
    box = found.chunks[0].bounding_box
    assert box is not None
    assert box.left == pytest.approx(40, abs=5)
    assert box.top == pytest.approx(102, abs=6)


@pytest.mark.parametrize(
    ("degrees", "corner"),
    [(90, (60, 380)), (180, (380, 300 - 60)), (270, (300 - 60, 40))],
    ids=["to the left", "upside down", "to the right"],
)
async def test_a_page_that_was_scanned_in_another_orientation_is_read(
    parser: Parser, tmp_path: Path, degrees: int, corner: tuple[float, float]
) -> None:
    """The page's properties state no rotation. `corner` is the start of the text on the displayed page."""
    page = draw_page([Drawn(sentence, 40, 60 + 16 * row) for row, sentence in enumerate(SENTENCES)])
    write_scan(tmp_path / "turned.pdf", [page.rotate(degrees, expand=True)])
    found = await parse(parser, tmp_path / "turned.pdf")
    assert " ".join(found.text.split()) == " ".join(SENTENCES)
    assert found.warnings == ()
    box = found.chunks[0].bounding_box
    assert box is not None
    assert min(abs(corner[0] - box.left), abs(corner[0] - box.right)) < 8
    assert min(abs(corner[1] - box.top), abs(corner[1] - box.bottom)) < 8


async def test_letters_with_diacritics_are_read(parser: Parser, tmp_path: Path) -> None:
    lines = (
        "Schöne Grüße aus Zürich, mit Fuß und Übermaß.",
        "L'été à Besançon, une façade naïve.",
        "Blåbær og smørbrød.",
    )
    page = draw_page([Drawn(line, 40, 40 + 40 * row) for row, line in enumerate(lines)])
    write_scan(tmp_path / "diacritics.pdf", [page])
    assert (await parse(parser, tmp_path / "diacritics.pdf")).text.split("\n\n") == list(lines)


async def test_a_scan_has_paragraphs_headings_and_joined_words(parser: Parser, tmp_path: Path) -> None:
    lines = [
        Drawn("Storm signals", 40, 30, size=22),
        Drawn("When the barometer falls by more than a hand, the har-", 40, 80),
        Drawn("bour master raises two black cones above the mast, and", 40, 96),
        Drawn("no boat leaves the quay.", 40, 112),
        Drawn("At night he shows three red lamps.", 40, 150),
    ]
    write_scan(tmp_path / "scan.pdf", [draw_page(lines)])
    found = await parse(parser, tmp_path / "scan.pdf")
    assert found.text.split("\n\n") == [
        "Storm signals",
        "When the barometer falls by more than a hand, the harbour master raises two black cones above the mast, and "
        "no boat leaves the quay.",
        "At night he shows three red lamps.",
    ]
    assert [heading.text for heading in found.document.outline] == ["Storm signals"]
    assert {chunk.headings for chunk in found.chunks} == {("Storm signals",)}


async def test_every_line_of_a_full_page_is_complete(tmp_path: Path) -> None:
    """Lines are recognized one by one, because in a batch one of these lines lost most of its words."""
    files.write_pdf(tmp_path / "handbook.pdf")
    with pypdfium2.PdfDocument(tmp_path / "handbook.pdf") as document:
        page = document[15].render(scale=200 / 72, grayscale=True).to_pil()
    write_scan(tmp_path / "scan.pdf", [scans.as_scanned(page)], dpi=200)
    async with open_parser(ParsingLimits(ocr_dpi=150)) as parser:
        text = (await parse(parser, tmp_path / "scan.pdf")).text
    assert "When the wind turns north, the work takes twice as long, so it is planned for calm mornings." in text
    assert "The rules below were agreed upon by the keepers and are read aloud to every newcomer." in text
    assert files.PDF_TABLE_FACT.quote in text


async def test_two_columns_are_read_one_after_the_other(parser: Parser, tmp_path: Path) -> None:
    left = ("The first column speaks of", "mooring lines and how they", "are spliced in winter when", "hands are cold.")
    right = (
        "The second column speaks",
        "of anchors that hold in clay",
        "and drag in weed, as every",
        "pilot knows too well.",
    )
    lines = [Drawn("What every pilot of this harbour has to know by heart", 40, 24)]
    lines += [Drawn(text, 40, 60 + 16 * row, size=10) for row, text in enumerate(left)]
    lines += [Drawn(text, 230, 64 + 16 * row, size=10) for row, text in enumerate(right)]
    write_scan(tmp_path / "scan.pdf", [draw_page(lines)])
    text = (await parse(parser, tmp_path / "scan.pdf")).text
    assert " ".join(text.split()) == " ".join([lines[0].text, *left, *right])


async def test_a_mixed_pdf_is_read_with_warnings_about_the_other_pages(parser: Parser, tmp_path: Path) -> None:
    write_mixed(tmp_path / "mixed.pdf", ["Page one is text.", draw_sentence(0), "", draw_noise(), draw_sentence(2)])
    found = await parse(parser, tmp_path / "mixed.pdf")
    assert found.text.split("\n\n") == ["Page one is text.", SENTENCES[0], SENTENCES[2]]
    coverage = found.document.coverage
    assert (coverage.pages, coverage.pages_with_text, coverage.pages_recognized) == (5, 3, 2)
    assert coverage.warnings == (
        "1 of 5 pages are images without recognizable text: 4.",
        "1 of 5 pages have no text: 3.",
    )


async def test_the_text_stamped_on_a_scan_is_kept_and_the_scan_is_read(parser: Parser, tmp_path: Path) -> None:
    write_mixed(tmp_path / "stamped.pdf", [draw_sentence(0)], footer="Received 12 May, registry no. 4711")
    found = await parse(parser, tmp_path / "stamped.pdf")
    assert found.text.split("\n\n") == [SENTENCES[0], "Received 12 May, registry no. 4711"]
    assert found.document.coverage.pages_recognized == 1


async def test_a_scan_of_noise_is_rejected_with_the_number_of_pages(parser: Parser, tmp_path: Path) -> None:
    write_scan(tmp_path / "noise.pdf", [draw_noise(), draw_noise()])
    failure = await parse_error(parser, tmp_path / "noise.pdf")
    message = "2 of 2 pages are images without recognizable text."
    assert (failure.code, failure.message) == (ErrorCode.NO_TEXT, message)


async def test_a_page_with_low_confidence_adds_a_warning(parser: Parser, tmp_path: Path) -> None:
    tiny = draw_page([Drawn(line, 40, 60 + 14 * row, size=4) for row, line in enumerate(SENTENCES)], dpi=100)
    write_scan(tmp_path / "faint.pdf", [tiny, draw_sentence(0)], dpi=100)
    found = await parse(parser, tmp_path / "faint.pdf")
    assert found.warnings == ("1 of 2 pages were hard to recognize, so their text may contain errors: 1.",)


async def test_each_recognized_page_reports_progress(parser: Parser, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.pdf", [draw_sentence(number) for number in range(3)])
    async with parser.parse(tmp_path / "scan.pdf", "application/pdf", "scan.pdf", Chunking()) as events:
        progress = [event async for event in events if isinstance(event, ParseProgress)]
    assert [(event.ocr_pages, round(event.fraction, 2)) for event in progress] == [
        (0, 0.0),
        (1, 0.33),
        (2, 0.67),
        (3, 1.0),
    ]


async def test_chinese_is_read(parser: Parser, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.pdf", [scans.draw_strokes("中山大田日木王土", 30, 100)])
    assert "".join((await parse(parser, tmp_path / "scan.pdf")).text.split()) == "中山大田日木王土"


async def test_a_page_of_five_metres_is_rendered_within_the_pixel_limit(parser: Parser, tmp_path: Path) -> None:
    """At 200 dpi, the page would have 39,000 × 28,000 pixels."""
    chart = draw_page([Drawn("Wall chart of the northern lights", 40, 100, size=20)], dpi=72)
    write_scan(tmp_path / "chart.pdf", [chart], dpi=2)
    found = await parse(parser, tmp_path / "chart.pdf")
    assert found.text == "Wall chart of the northern lights"
    assert found.document.coverage.pages_recognized == 1


async def test_a_page_whose_image_has_too_many_pixels_is_skipped(parser: Parser, tmp_path: Path) -> None:
    write_mixed(tmp_path / "bomb.pdf", ["Page one is text.", Image.new("L", (8000, 8000), "white")])
    found = await parse(parser, tmp_path / "bomb.pdf")
    assert found.warnings == (f"1 of 2 pages {SKIPPED}: 2.",)


async def test_pages_above_the_page_limit_of_ocr_are_skipped(tmp_path: Path) -> None:
    """The page limit of OCR is needed because a small file can repeat one image on any number of pages."""
    write_scan(tmp_path / "scan.pdf", [draw_sentence(number) for number in range(3)])
    async with open_parser(ParsingLimits(ocr_pages=1)) as parser:
        found = await parse(parser, tmp_path / "scan.pdf")
    assert found.text == SENTENCES[0]
    assert found.warnings == (f"2 of 3 pages {SKIPPED}: 2, 3.",)


async def test_without_ocr_a_scan_is_rejected_with_advice(parser_without_ocr: Parser, tmp_path: Path) -> None:
    files.write_image_pdf(tmp_path / "scan.pdf", 11)
    failure = await parse_error(parser_without_ocr, tmp_path / "scan.pdf")
    message = f"11 of 11 pages are images, which were not read. {INSTALL_ADVICE}"
    assert (failure.code, failure.message) == (ErrorCode.NO_TEXT, message)


async def test_without_ocr_scanned_pages_of_a_mixed_pdf_add_a_warning(
    parser_without_ocr: Parser, tmp_path: Path
) -> None:
    write_mixed(tmp_path / "mixed.pdf", ["Page one is text.", draw_sentence(0), draw_sentence(1)])
    coverage = (await parse(parser_without_ocr, tmp_path / "mixed.pdf")).document.coverage
    assert (coverage.pages_with_text, coverage.pages_recognized) == (1, 0)
    assert coverage.warnings == (f"2 of 3 pages are images, which were not read: 2, 3. {INSTALL_ADVICE}",)


async def test_without_ocr_a_stamped_scan_adds_a_warning(parser_without_ocr: Parser, tmp_path: Path) -> None:
    write_mixed(tmp_path / "stamped.pdf", [draw_sentence(0)], footer="Received 12 May")
    found = await parse(parser_without_ocr, tmp_path / "stamped.pdf")
    problem = "are images with little text; the images were not read"
    assert found.warnings == (f"1 of 1 pages {problem}: 1. {INSTALL_ADVICE}",)


async def test_without_ocr_an_image_file_is_rejected_with_advice(parser_without_ocr: Parser, tmp_path: Path) -> None:
    draw_sentence(0).save(tmp_path / "scan.png")
    failure = await parse_error(parser_without_ocr, tmp_path / "scan.png")
    message = f"The file is an image, which was not read. {INSTALL_ADVICE}"
    assert (failure.code, failure.message) == (ErrorCode.NO_TEXT, message)
