"""PDF files of kinds that are hard to read: tables in any order, forms, comments, attachments, vertical and turned text."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from reportlab.lib.colors import white
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

Text = tuple[float, float, str]
"""A text with the place of its first character, in points from the bottom left corner."""


def write_texts(path: Path, pages: Iterable[Iterable[Text]], font: str = "Helvetica", size: float = 10) -> Path:
    """Write pages with texts at their places. The file contains them in the order given."""
    canvas = Canvas(str(path))
    for texts in pages:
        canvas.setFont(font, size)
        for x, y, text in texts:
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return path


def table_texts(
    rows: Sequence[Sequence[str]], lefts: Sequence[float], top: float = 760, pitch: float = 18
) -> list[Text]:
    """Return the cells of a table, row by row from the top."""
    return [
        (left, top - pitch * number, cell)
        for number, row in enumerate(rows)
        for left, cell in zip(lefts, row, strict=True)
        if cell
    ]


def write_chinese(path: Path, lines: Iterable[str], size: float = 12) -> Path:
    """Write lines of Chinese below each other."""
    registerFont(UnicodeCIDFont("STSong-Light"))
    return write_texts(
        path, [[(72, 760 - 1.4 * size * number, line) for number, line in enumerate(lines)]], "STSong-Light", size
    )


def write_form(path: Path) -> Path:
    """Write a filled form: the labels are drawn first, the fields follow in another order."""
    canvas = Canvas(str(path))
    for y, label in (
        (700, "Skipper:"),
        (670, "Draught in metres:"),
        (640, "Insured:"),
        (610, "Engine:"),
        (580, "Remarks:"),
    ):
        canvas.drawString(72, y, label)
    form = canvas.acroForm
    form.textfield(name="remarks", value="Mast is laid", x=220, y=576, width=200, height=18, borderColor=white)
    form.checkbox(name="engine", checked=False, x=220, y=606, size=14)
    form.checkbox(name="insured", checked=True, x=220, y=636, size=14)
    form.textfield(name="draught", value="1.9", x=220, y=666, width=100, height=18)
    form.textfield(name="skipper", value="Siv Dahl", x=220, y=696, width=200, height=18)
    canvas.save()
    return path


def write_stamped(path: Path, angle: float) -> Path:
    """Write a page of prose with a heading, and a large stamp that is turned by an angle in degrees."""
    canvas = Canvas(str(path))
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(120, 760, "Tides")
    canvas.setFont("Helvetica", 10)
    for row in range(20):
        canvas.drawString(120, 740 - 14 * row, "The gauge measures the level of the water in the harbour every minute.")
    canvas.translate(80, 300)
    canvas.rotate(angle)
    canvas.setFont("Helvetica-Bold", 40)
    canvas.drawString(0, 0, "COPY OF 1931")
    canvas.save()
    return path
