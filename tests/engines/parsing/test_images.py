"""Image files on their own, through the real worker and the real models."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from engines.parsing.client import Parser, open_parser
from engines.parsing.detection.detect import detect_type
from engines.parsing.limits import Limits
from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.extracting import check_chunks
from tests.engines.parsing.test_parser import parse
from tests.support import files
from tests.support.own_task import in_own_task
from tests.support.scans import Drawn, draw_noise, draw_page

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

NOTICE = "Mind the swell at the outer steps."
ORIENTATION = 0x0112


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[Parser]:
    async with in_own_task(open_parser(Limits(image_pixels=4_000_000))) as opened:
        yield opened


def notice(text: str = NOTICE, dpi: int = 150) -> Image.Image:
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
    notice().save(tmp_path / name)
    stored = (tmp_path / name).rename(tmp_path / "0a1b2c")
    assert detect_type(stored, "").require() == media_type
    text, chunks, document = await parse(parser, stored, media_type)
    assert text == NOTICE
    check_chunks(text, chunks)
    assert (document.page_count, document.coverage.pages_recognized) == (1, 1)
    box = chunks[0].bounding_box
    assert box is not None
    assert box.left == pytest.approx(40 * 150 / 72, abs=10), "a pixel is a point"


async def test_a_tiff_has_as_many_pages_as_it_has_pictures(parser: Parser, tmp_path: Path) -> None:
    pages = [notice(), notice("The second page of three."), draw_noise((400, 300))]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    text, chunks, document = await parse(parser, tmp_path / "a.tif")
    assert text.split("\n\n") == [NOTICE, "The second page of three."]
    assert [chunk.page_end for chunk in chunks][-1] == 2
    assert document.coverage.pages == 3
    assert document.coverage.warnings == ("1 of 3 pages are images without text and could not be read: 3.",)


async def test_a_photograph_is_turned_as_its_camera_says(parser: Parser, tmp_path: Path) -> None:
    turned = notice().rotate(90, expand=True)
    tags = turned.getexif()
    tags[ORIENTATION] = 6
    turned.save(tmp_path / "a.jpg", exif=tags)
    assert (await parse(parser, tmp_path / "a.jpg"))[0] == NOTICE


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I;16B"])
async def test_colours_of_all_kinds_are_read(parser: Parser, tmp_path: Path, mode: str) -> None:
    if mode.startswith("I"):
        picture = notice().convert("I").point(lambda value: value * 257).convert(mode)
    elif mode in ("RGBA", "LA"):
        picture = Image.new(mode, notice().size, 0 if mode == "RGBA" else (0, 0))
        picture.putalpha(notice().point(lambda value: 255 - value))
    else:
        picture = notice().convert(mode)
    picture.save(tmp_path / "a.tif")
    assert (await parse(parser, tmp_path / "a.tif"))[0] == NOTICE


async def test_small_letters_of_a_screen_are_read(parser: Parser, tmp_path: Path) -> None:
    notice(dpi=72).save(tmp_path / "a.png")
    assert (await parse(parser, tmp_path / "a.png"))[0] == NOTICE


@pytest.mark.parametrize("side", [3000, 15_000], ids=["above our limit", "above Pillow's"])
async def test_an_image_that_unpacks_to_more_than_may_be_is_refused(parser: Parser, tmp_path: Path, side: int) -> None:
    Image.new("1", (side, side)).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < files.MIB
    with pytest.raises(DocumentUnreadable, match="more than 4,000,000 pixels") as failure:
        await parse(parser, tmp_path / "bomb.png")
    assert failure.value.code is ErrorCode.PARSER_LIMIT


async def test_an_image_without_text_has_none(parser: Parser, tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "navy").save(tmp_path / "a.png")
    with pytest.raises(DocumentUnreadable, match="1 of 1 pages are images without text") as failure:
        await parse(parser, tmp_path / "a.png")
    assert failure.value.code is ErrorCode.NO_TEXT


async def test_a_page_of_a_tiff_that_is_damaged_is_left_out(parser: Parser, tmp_path: Path) -> None:
    pages = [notice(), notice("The second page of three."), notice("The third page of three.")]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="tiff_deflate")
    content = bytearray((tmp_path / "a.tif").read_bytes())
    with Image.open(tmp_path / "a.tif") as image:
        image.seek(1)
        begin = image.tag_v2[273][0]  # type: ignore[attr-defined]
    content[begin : begin + 40] = bytes(40)
    (tmp_path / "a.tif").write_bytes(content)
    text, _, document = await parse(parser, tmp_path / "a.tif")
    assert text.split("\n\n") == [NOTICE, "The third page of three."]
    assert document.coverage.warnings == ("1 of 3 pages are damaged and left out: 2.",)


async def test_a_hair_line_has_no_text(parser: Parser, tmp_path: Path) -> None:
    Image.new("RGB", (6000, 1), "navy").save(tmp_path / "a.png")
    with pytest.raises(DocumentUnreadable, match="1 of 1 pages are images without text"):
        await parse(parser, tmp_path / "a.png")
