"""Scans for tests: PDF files whose pages are images of text.

Positions are in points from a page's top left corner, like the boxes of chunks.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import reportlab
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
DPI = 150
SIZE = (420.0, 300.0)
"""Width and height of a page in points. Pages are small, because OCR of empty areas takes time, too."""

STROKES: dict[str, tuple[tuple[int, ...], ...]] = {
    "中": ((20, 30, 80, 30, 80, 62, 20, 62, 20, 30), (50, 6, 50, 96)),
    "日": ((25, 8, 75, 8, 75, 92, 25, 92, 25, 8), (25, 50, 75, 50)),
    "山": ((50, 8, 50, 88), (14, 38, 14, 88, 86, 88, 86, 38)),
    "王": ((15, 14, 85, 14), (20, 50, 80, 50), (8, 88, 92, 88), (50, 14, 50, 88)),
    "大": ((8, 36, 92, 36), (50, 6, 48, 40, 34, 70, 10, 94), (50, 40, 66, 70, 92, 94)),
    "土": ((22, 42, 78, 42), (50, 8, 50, 88), (6, 88, 94, 88)),
    "田": ((14, 12, 86, 12, 86, 90, 14, 90, 14, 12), (14, 51, 86, 51), (50, 12, 50, 90)),
    "木": ((8, 34, 92, 34), (50, 6, 50, 96), (48, 36, 32, 62, 8, 82), (52, 36, 68, 62, 92, 82)),
}
"""Chinese characters made of straight strokes. Each stroke is a line through points (x, y) in a square of 100 by 100.

They are drawn because no font with Chinese characters is installed.
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line of text to draw, with the position of its first letter and the font size, in points."""

    text: str
    left: float
    top: float
    size: float = 12


def draw_page(lines: Sequence[Drawn], *, dpi: int = DPI, size: tuple[float, float] = SIZE) -> Image.Image:
    """Return a grey image of a page with these lines."""
    scale = dpi / 72
    page = Image.new("L", (round(size[0] * scale), round(size[1] * scale)), "white")
    pen = ImageDraw.Draw(page)
    for line in lines:
        font = ImageFont.truetype(str(FONT), line.size * scale)
        pen.text((line.left * scale, line.top * scale), line.text, "black", font)
    return page


def draw_strokes(text: str, left: float, top: float, size: float = 36) -> Image.Image:
    """Return a page with one line of characters of `STROKES`."""
    page = draw_page([])
    pen, scale = ImageDraw.Draw(page), DPI / 72
    for number, character in enumerate(text):
        corner = (left + number * size * 1.05, top)
        for stroke in STROKES[character]:
            points = [
                ((corner[0] + x * size / 100) * scale, (corner[1] + y * size / 100) * scale)
                for x, y in zip(stroke[::2], stroke[1::2], strict=True)
            ]
            pen.line(points, "black", width=round(size * scale / 14), joint="curve")
    return page


def draw_noise(size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Return an image without text."""
    return Image.effect_noise(size, 120)


def as_scanned(page: Image.Image, quality: int = 60) -> Image.Image:
    """Return a page as a scanner would deliver it: slightly blurred and compressed as JPEG."""
    content = io.BytesIO()
    page.filter(ImageFilter.GaussianBlur(0.7)).save(content, "JPEG", quality=quality)
    return Image.open(content)


def write_scan(path: Path, pages: Sequence[Image.Image], *, dpi: int = DPI, rotation: int = 0) -> None:
    """Write a PDF with one image per page.

    With a `rotation` in degrees, the images are stored rotated and the pages have this clockwise rotation as a property, so
    that a viewer displays them upright.
    """
    canvas = Canvas(str(path))
    for page in pages:
        _add_image(canvas, page.rotate(rotation, expand=True), dpi)
        canvas.showPage()
    content = canvas.getpdfdata()
    with pypdfium2.PdfDocument(content) as document:
        for turned in document:
            turned.set_rotation(rotation)
        document.save(path)


def write_mixed(path: Path, pages: Sequence[Image.Image | str], *, footer: str = "") -> None:
    """Write a PDF with an image or a line of text on each page; an empty text is a blank page.

    The footer is written as text on the pages with images.
    """
    canvas = Canvas(str(path), pagesize=SIZE)
    for page in pages:
        if isinstance(page, str):
            canvas.drawString(60, SIZE[1] - 60, page)
        else:
            _add_image(canvas, page, DPI)
            canvas.drawString(60, 20, footer)
        canvas.showPage()
        canvas.setPageSize(SIZE)
    canvas.save()


def _add_image(canvas: Canvas, image: Image.Image, dpi: int) -> None:
    width, height = image.width * 72 / dpi, image.height * 72 / dpi
    canvas.setPageSize((width, height))
    canvas.drawImage(ImageReader(image), 0, 0, width, height)
