"""PDF files of kinds that are hard to read: tables in any order, forms, comments, attachments, vertical and turned text."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from reportlab.lib.colors import white
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

Text = tuple[float, float, str]
"""The position (x, y) of a text's first character, in points from the bottom left corner, and the text."""


def write_texts(path: Path, pages: Iterable[Iterable[Text]], font: str = "Helvetica", size: float = 10) -> Path:
    """Write pages with texts at their positions. The file contains the texts in the order of `pages`."""
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
    """Write a page of prose with a heading and a large stamp, which is rotated by `angle` degrees."""
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


def write_xfa(path: Path, template: str, data: str) -> Path:
    """Write an XFA form. Its only page asks the reader to wait; the form itself is XML in two packets."""
    namespaces = "http://www.xfa.org/schema/xfa-template/3.0/", "http://www.xfa.org/schema/xfa-data/1.0/"
    notice = "BT /F1 12 Tf 72 700 Td (Please wait while the form is loaded.) Tj ET"
    streams = [
        notice,
        f'<template xmlns="{namespaces[0]}">{template}</template>',
        f'<xfa:datasets xmlns:xfa="{namespaces[1]}"><xfa:data>{data}</xfa:data></xfa:datasets>',
    ]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] /XFA [(template) 6 0 R (datasets) 7 0 R] >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *(f"<< /Length {len(stream.encode())} >>\nstream\n{stream}\nendstream" for stream in streams),
    ]
    content, places = b"%PDF-1.7\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    path.write_bytes(content + f"{trailer}startxref\n{len(content)}\n%%EOF\n".encode())
    return path
