"""Image files through the real worker and the real models."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from engines.parsing.client import Parser
from engines.parsing.detection.detect import detect_type
from engines.parsing.parsing_limits import ParsingLimits
from records.codes import ErrorCode
from tests.engines.parsing.in_process import check_chunks
from tests.engines.parsing.in_worker import open_module_parser, parse, parse_error
from tests.support.documents import files
from tests.support.documents.scans import Drawn, draw_noise, draw_page

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

NOTICE = "Mind the swell at the outer steps."
ORIENTATION_TAG = 0x0112
NO_TEXT_MESSAGE = "1 of 1 pages are images without recognizable text."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[Parser]:
    """Yield a parser with a low limit on pixels."""
    async with open_module_parser(ParsingLimits(image_pixels=4_000_000)) as parser:
        yield parser


def draw_notice(text: str = NOTICE, dpi: int = 150) -> Image.Image:
    return draw_page([Drawn(text, 40, 60)], dpi=dpi, size=(420, 120))


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.tiff", "image/tiff"),
        ("a.webp", "image/webp"),
        ("a.bmp", "image/bmp"),
    ],
)
async def test_an_image_is_a_document_of_one_page(parser: Parser, tmp_path: Path, name: str, media_type: str) -> None:
    draw_notice().save(tmp_path / name)
    stored = (tmp_path / name).rename(tmp_path / "0a1b2c")
    assert detect_type(stored, "").require() == media_type
    found = await parse(parser, stored, media_type)
    assert found.text == NOTICE
    check_chunks(found.text, found.chunks)
    assert (found.document.page_count, found.document.coverage.pages_recognized) == (1, 1)
    box = found.chunks[0].bounding_box
    assert box is not None
    assert box.left == pytest.approx(40 * 150 / 72, abs=10), "one pixel counts as one point"


async def test_each_image_of_a_tiff_is_a_page(parser: Parser, tmp_path: Path) -> None:
    pages = [draw_notice(), draw_notice("The second page of three."), draw_noise((400, 300))]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    found = await parse(parser, tmp_path / "a.tif")
    assert found.text.split("\n\n") == [NOTICE, "The second page of three."]
    assert [chunk.page_end for chunk in found.chunks][-1] == 2
    assert found.document.coverage.pages == 3
    assert found.warnings == ("1 of 3 pages are images without recognizable text: 3.",)


async def test_a_photograph_is_rotated_by_its_orientation_tag(parser: Parser, tmp_path: Path) -> None:
    rotated = draw_notice().rotate(90, expand=True)
    tags = rotated.getexif()
    tags[ORIENTATION_TAG] = 6
    rotated.save(tmp_path / "a.jpg", exif=tags)
    assert (await parse(parser, tmp_path / "a.jpg")).text == NOTICE


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I;16B"])
async def test_images_of_every_colour_mode_are_read(parser: Parser, tmp_path: Path, mode: str) -> None:
    if mode.startswith("I"):
        image = draw_notice().convert("I").point(lambda value: value * 257).convert(mode)
    elif mode in ("RGBA", "LA"):
        image = Image.new(mode, draw_notice().size, 0 if mode == "RGBA" else (0, 0))
        image.putalpha(draw_notice().point(lambda value: 255 - value))
    else:
        image = draw_notice().convert(mode)
    image.save(tmp_path / "a.tif")
    assert (await parse(parser, tmp_path / "a.tif")).text == NOTICE


async def test_the_small_letters_of_a_screenshot_are_read(parser: Parser, tmp_path: Path) -> None:
    draw_notice(dpi=72).save(tmp_path / "a.png")
    assert (await parse(parser, tmp_path / "a.png")).text == NOTICE


@pytest.mark.parametrize("side", [3000, 15_000], ids=["above our limit", "above Pillow's"])
async def test_an_image_with_too_many_pixels_is_rejected(parser: Parser, tmp_path: Path, side: int) -> None:
    Image.new("1", (side, side)).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < files.MIB
    failure = await parse_error(parser, tmp_path / "bomb.png")
    assert failure.code is ErrorCode.PARSER_LIMIT
    assert "limit of 4,000,000 pixels" in failure.message


async def test_an_image_without_text_is_rejected(parser: Parser, tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "navy").save(tmp_path / "a.png")
    failure = await parse_error(parser, tmp_path / "a.png")
    assert (failure.code, failure.message) == (ErrorCode.NO_TEXT, NO_TEXT_MESSAGE)


async def test_a_damaged_image_of_a_tiff_is_skipped_with_a_warning(parser: Parser, tmp_path: Path) -> None:
    pages = [draw_notice(), draw_notice("The second page of three."), draw_notice("The third page of three.")]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="tiff_deflate")
    content = bytearray((tmp_path / "a.tif").read_bytes())
    with Image.open(tmp_path / "a.tif") as image:
        image.seek(1)
        begin = image.tag_v2[273][0]  # type: ignore[attr-defined]
    content[begin : begin + 40] = bytes(40)
    (tmp_path / "a.tif").write_bytes(content)
    found = await parse(parser, tmp_path / "a.tif")
    assert found.text.split("\n\n") == [NOTICE, "The third page of three."]
    assert found.warnings == ("1 of 3 pages are damaged and were skipped: 2.",)


async def test_an_image_of_one_row_of_pixels_has_no_text(parser: Parser, tmp_path: Path) -> None:
    Image.new("RGB", (6000, 1), "navy").save(tmp_path / "a.png")
    assert (await parse_error(parser, tmp_path / "a.png")).message == NO_TEXT_MESSAGE
