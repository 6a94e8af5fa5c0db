"""Scans through the real worker and the real models: what is drawn in a picture is found there by its words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pypdfium2
import pytest
import pytest_asyncio
from PIL import Image

from engines.parsing.client import Parser, open_parser
from engines.parsing.limits import Limits
from engines.parsing.protocol import ParseProgress
from records.codes import ErrorCode
from records.document import Chunking, NewChunk
from records.errors import DocumentUnreadable
from tests.engines.parsing.extracting import check_chunks
from tests.engines.parsing.test_parser import parse
from tests.support import files, scans
from tests.support.own_task import in_own_task
from tests.support.scans import Drawn, draw_noise, draw_page, write_mixed, write_scan

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

BERTHS = (
    "The lighthouse of Skagen was built in 1858.",
    "Its lamp burns forty litres of oil a night.",
    "The keeper counts seven ships before dawn.",
)
INSTALL = "install the OCR extra (`make setup OCR=1`) and reprocess the document."


def berth(number: int) -> Image.Image:
    return draw_page([Drawn(BERTHS[number], 40, 60 + 40 * number)])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[Parser]:
    async with in_own_task(open_parser(Limits(image_pixels=4_000_000))) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def blind() -> AsyncIterator[Parser]:
    """As it is where the extra is not installed."""
    async with in_own_task(open_parser(recognize=False)) as opened:
        yield opened


async def refusal(parser: Parser, path: Path) -> DocumentUnreadable:
    with pytest.raises(DocumentUnreadable) as failure:
        await parse(parser, path)
    return failure.value


def chunk_on(page: int, chunks: list[NewChunk]) -> NewChunk:
    return next(chunk for chunk in chunks if chunk.page_start == page)


async def test_a_scan_of_three_pages_is_read_and_each_line_lies_where_it_was_drawn(
    parser: Parser, tmp_path: Path
) -> None:
    write_scan(tmp_path / "scan.pdf", [berth(number) for number in range(3)])
    text, chunks, document = await parse(parser, tmp_path / "scan.pdf")
    check_chunks(text, chunks)
    assert text == "\n\n".join(BERTHS)
    coverage = document.coverage
    assert (coverage.pages, coverage.pages_with_text, coverage.pages_recognized) == (3, 3, 3)
    assert coverage.warnings == ()
    boxes = [box for chunk in chunks if (box := chunk.bounding_box)]
    assert boxes[0].page == 1
    assert boxes[0].left == pytest.approx(40, abs=5)
    assert boxes[0].top == pytest.approx(62, abs=6)
    assert boxes[0].bottom == pytest.approx(74, abs=6)


async def test_a_page_that_is_turned_is_read_as_it_is_looked_at(parser: Parser, tmp_path: Path) -> None:
    for rotation in (90, 180, 270):
        write_scan(tmp_path / "turned.pdf", [berth(1)], rotation=rotation)
        text, chunks, _ = await parse(parser, tmp_path / "turned.pdf")
        assert text == BERTHS[1], rotation
        box = chunks[0].bounding_box
        assert box is not None
        assert box.left == pytest.approx(40, abs=5), rotation
        assert box.top == pytest.approx(102, abs=6), rotation


@pytest.mark.parametrize(
    ("turn", "corner"),
    [(90, (60, 380)), (180, (380, 300 - 60)), (270, (300 - 60, 40))],
    ids=["to the left", "upside down", "to the right"],
)
async def test_a_page_that_was_scanned_turned_is_read_as_one_would_hold_it(
    parser: Parser, tmp_path: Path, turn: int, corner: tuple[float, float]
) -> None:
    """`corner`: where the text's beginning then stands on the page, which does not say that it is turned."""
    page = draw_page([Drawn(line, 40, 60 + 16 * row) for row, line in enumerate(BERTHS)])
    write_scan(tmp_path / "turned.pdf", [page.rotate(turn, expand=True)])
    text, chunks, document = await parse(parser, tmp_path / "turned.pdf")
    assert " ".join(text.split()) == " ".join(BERTHS)
    assert document.coverage.warnings == ()
    box = chunks[0].bounding_box
    assert box is not None
    assert min(abs(corner[0] - box.left), abs(corner[0] - box.right)) < 8
    assert min(abs(corner[1] - box.top), abs(corner[1] - box.bottom)) < 8


async def test_letters_with_marks_are_read(parser: Parser, tmp_path: Path) -> None:
    lines = (
        "Schöne Grüße aus Zürich, mit Fuß und Übermaß.",
        "L'été à Besançon, une façade naïve.",
        "Blåbær og smørbrød.",
    )
    write_scan(tmp_path / "marks.pdf", [draw_page([Drawn(line, 40, 40 + 40 * row) for row, line in enumerate(lines)])])
    assert (await parse(parser, tmp_path / "marks.pdf"))[0].split("\n\n") == list(lines)


async def test_paragraphs_headings_and_hyphens_come_out_of_a_scan_as_out_of_text(
    parser: Parser, tmp_path: Path
) -> None:
    lines = [
        Drawn("Storm signals", 40, 30, size=22),
        Drawn("When the barometer falls by more than a hand, the har-", 40, 80),
        Drawn("bour master raises two black cones above the mast, and", 40, 96),
        Drawn("no boat leaves the quay.", 40, 112),
        Drawn("At night he shows three red lamps.", 40, 150),
    ]
    write_scan(tmp_path / "scan.pdf", [draw_page(lines)])
    text, chunks, document = await parse(parser, tmp_path / "scan.pdf")
    assert text.split("\n\n") == [
        "Storm signals",
        "When the barometer falls by more than a hand, the harbour master raises two black cones above the mast, and "
        "no boat leaves the quay.",
        "At night he shows three red lamps.",
    ]
    assert [heading.text for heading in document.outline] == ["Storm signals"]
    assert {chunk.headings for chunk in chunks} == {("Storm signals",)}


async def test_no_line_of_a_full_page_loses_its_words(tmp_path: Path) -> None:
    """Read in batches, the line that ends in "were" lost most of its own."""
    files.write_pdf(tmp_path / "handbook.pdf")
    with pypdfium2.PdfDocument(tmp_path / "handbook.pdf") as document:
        page = document[15].render(scale=200 / 72, grayscale=True).to_pil()
    write_scan(tmp_path / "scan.pdf", [scans.as_scanned(page)], dpi=200)
    async with open_parser(Limits(recognition_dpi=150)) as parser:
        text, _, _ = await parse(parser, tmp_path / "scan.pdf")
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
    text, _, _ = await parse(parser, tmp_path / "scan.pdf")
    assert " ".join(text.split()) == " ".join([lines[0].text, *left, *right])


async def test_of_a_mixed_pdf_all_that_can_be_read_is_and_the_rest_is_named(parser: Parser, tmp_path: Path) -> None:
    write_mixed(tmp_path / "mixed.pdf", ["Page one is text.", berth(0), "", draw_noise(), berth(2)])
    text, _, document = await parse(parser, tmp_path / "mixed.pdf")
    assert text.split("\n\n") == ["Page one is text.", BERTHS[0], BERTHS[2]]
    coverage = document.coverage
    assert (coverage.pages, coverage.pages_with_text, coverage.pages_recognized) == (5, 3, 2)
    assert coverage.warnings == (
        "1 of 5 pages are images without text and could not be read: 4.",
        "1 of 5 pages have no text: 3.",
    )


async def test_a_stamp_on_a_scan_stays_as_it_is_and_what_is_below_is_read(parser: Parser, tmp_path: Path) -> None:
    write_mixed(tmp_path / "stamped.pdf", [berth(0)], footer="Received 12 May, registry no. 4711")
    text, _, document = await parse(parser, tmp_path / "stamped.pdf")
    assert text.split("\n\n") == [BERTHS[0], "Received 12 May, registry no. 4711"]
    assert document.coverage.pages_recognized == 1


async def test_a_document_of_noise_fails_with_the_number_of_its_pages(parser: Parser, tmp_path: Path) -> None:
    write_scan(tmp_path / "noise.pdf", [draw_noise(), draw_noise()])
    failure = await refusal(parser, tmp_path / "noise.pdf")
    assert (failure.code, failure.message) == (ErrorCode.NO_TEXT, "2 of 2 pages are images without text.")


async def test_a_page_that_is_hard_to_read_comes_with_a_warning(parser: Parser, tmp_path: Path) -> None:
    tiny = draw_page([Drawn(line, 40, 60 + 14 * row, size=4) for row, line in enumerate(BERTHS)], dpi=100)
    write_scan(tmp_path / "faint.pdf", [tiny, berth(0)], dpi=100)
    _, _, document = await parse(parser, tmp_path / "faint.pdf")
    assert document.coverage.warnings == (
        "1 of 2 pages were hard to recognize, so that their text will have errors: 1.",
    )


async def test_progress_moves_with_every_page_that_is_recognized(parser: Parser, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.pdf", [berth(number) for number in range(3)])
    async with parser.parse(tmp_path / "scan.pdf", "application/pdf", "scan.pdf", Chunking()) as events:
        told = [event async for event in events if isinstance(event, ParseProgress)]
    assert [(event.pages_looked_at, round(event.fraction, 2)) for event in told] == [
        (0, 0.0),
        (1, 0.33),
        (2, 0.67),
        (3, 1.0),
    ]


async def test_chinese_is_read(parser: Parser, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.pdf", [scans.draw_strokes("中山大田日木王土", 30, 100)])
    text, _, _ = await parse(parser, tmp_path / "scan.pdf")
    assert "".join(text.split()) == "中山大田日木王土"


async def test_a_page_of_five_metres_is_drawn_within_bounds(parser: Parser, tmp_path: Path) -> None:
    """At 200 dpi it would have 39,000 × 28,000 pixels."""
    wall = draw_page([Drawn("Wall chart of the northern lights", 40, 100, size=20)], dpi=72)
    write_scan(tmp_path / "wall.pdf", [wall], dpi=2)
    text, _, document = await parse(parser, tmp_path / "wall.pdf")
    assert text == "Wall chart of the northern lights"
    assert document.coverage.pages_recognized == 1


async def test_a_picture_that_unpacks_to_more_than_may_be_is_left_out_of_a_pdf(parser: Parser, tmp_path: Path) -> None:
    write_mixed(tmp_path / "bomb.pdf", ["Page one is text.", Image.new("L", (8000, 8000), "white")])
    _, _, document = await parse(parser, tmp_path / "bomb.pdf")
    assert document.coverage.warnings == (
        "1 of 2 pages are images that are damaged, too large or too many, and were not looked at: 2.",
    )


async def test_without_the_extra_a_scan_fails_with_the_way_out(blind: Parser, tmp_path: Path) -> None:
    files.write_image_pdf(tmp_path / "scan.pdf", 11)
    failure = await refusal(blind, tmp_path / "scan.pdf")
    assert (failure.code, failure.message) == (ErrorCode.NO_TEXT, f"11 of 11 pages are images; {INSTALL}")


async def test_without_the_extra_a_mixed_pdf_warns_of_its_scans_and_names_the_way_out(
    blind: Parser, tmp_path: Path
) -> None:
    write_mixed(tmp_path / "mixed.pdf", ["Page one is text.", berth(0), berth(1)])
    coverage = (await parse(blind, tmp_path / "mixed.pdf"))[2].coverage
    assert (coverage.pages_with_text, coverage.pages_recognized) == (1, 0)
    assert coverage.warnings == (f"2 of 3 pages are images: 2, 3; {INSTALL}",)
    write_mixed(tmp_path / "stamped.pdf", [berth(0)], footer="Received 12 May")
    coverage = (await parse(blind, tmp_path / "stamped.pdf"))[2].coverage
    assert coverage.warnings == (f"1 of 1 pages are images with few words beside them: 1; {INSTALL}",)


async def test_without_the_extra_an_image_fails_with_the_way_out(blind: Parser, tmp_path: Path) -> None:
    berth(0).save(tmp_path / "scan.png")
    failure = await refusal(blind, tmp_path / "scan.png")
    assert (failure.code, failure.message) == (ErrorCode.NO_TEXT, f"The file is an image; {INSTALL}")


async def test_so_many_pages_are_recognized_and_no_more(tmp_path: Path) -> None:
    """One picture on any number of pages makes a small file."""
    write_scan(tmp_path / "scan.pdf", [berth(number) for number in range(3)])
    async with open_parser(Limits(recognized_pages=1)) as parser:
        text, _, document = await parse(parser, tmp_path / "scan.pdf")
    assert text == BERTHS[0]
    assert document.coverage.warnings == (
        "2 of 3 pages are images that are damaged, too large or too many, and were not looked at: 2, 3.",
    )
