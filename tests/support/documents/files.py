"""Documents for tests, with known facts, and some files that the server must reject.

The `quote` of a fact occurs once in its document, word for word, and contains the `answer` to its `question`.
"""

import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docx
from docx.document import Document as WordDocument
from reportlab.lib import pdfencrypt
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, SimpleDocTemplate, Table

MIB = 1024 * 1024
PDF_TITLE = "Halvorsen Tidal Observatory: Station Handbook"
PAGE_HEADER = "Halvorsen Tidal Observatory - internal"

_TOPICS = (
    ("Purpose of the station", "The station measures tides, currents and the salt of the inner fjord."),
    ("Arrival by boat", "Visitors land at the small quay on the eastern shore and climb the wooden stairs."),
    ("The tide gauge", "A float in a vertical well follows the water while waves are damped by a narrow inlet."),
    ("Sleeping quarters", "Four bunks, a stove and a drying room are on the upper floor."),
    ("The power supply", "Solar panels feed a bank of batteries; a diesel generator helps in the dark months."),
    ("Fresh water", "Rain from the roof is filtered through sand and kept in two tanks."),
    ("The weather mast", "Wind, pressure and humidity are read at ten metres above the rock."),
    ("Radio and signals", "Every evening the keeper reports by radio to the harbour office."),
    ("Kitchen and stores", "Flour, beans and dried fish are stored for six weeks of storm."),
    ("The library", "Charts of the coast since 1870 are kept in flat drawers behind glass."),
    ("Birds on the skerries", "Terns and eiders nest within sight of the windows from May on."),
    ("Instruments of the laboratory", "A salinometer, two microscopes and a balance stand on a stone table."),
    ("First aid", "The medicine chest is checked on the first Monday of each month."),
    ("Fire", "Buckets of sand hang beside each door and the alarm is tried every week."),
    ("Boats and moorings", "The dinghy is tied to the inner ring, the launch to the buoy."),
    ("Calibration", "Every instrument is compared with its twin before the season begins."),
    ("Leaving the station", "The last to go drains the pipes, closes the shutters and signs the book."),
)
_FILLER = (
    "Keepers have written about this in the log for many years, and most of them agreed in the end.",
    "When the wind turns north, the work takes twice as long, so it is planned for calm mornings.",
    "A short note in the station's book is enough, as long as the date and the hour are given.",
    "Nobody should do this alone; a second person waits within call and holds the line.",
    "The old way was slower but left better records, which is why parts of it are still in use.",
    "Whatever is broken is reported at once, because spare parts come only with the monthly boat.",
    "The rules below were agreed upon by the keepers and are read aloud to every newcomer.",
    "In winter the same is done with gloves on, which takes patience and a good lamp.",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact in a document."""

    question: str
    answer: str
    quote: str
    page: int | None = None
    "Page of the quote; None in documents without pages."


@dataclass(frozen=True, slots=True)
class DocumentWithFacts:
    """A document that was written, and its facts."""

    path: Path
    facts: tuple[Fact, ...]


PDF_FACTS = (
    Fact("Which wood is the float of the tide gauge made of?", "Karelian birch",
         "The float of the tide gauge is made of Karelian birch.", 3),
    Fact("What is the emergency call sign of the station?", "ORCHID SEVEN",
         "The emergency call sign of the station is ORCHID SEVEN.", 8),
    Fact("Who drew the oldest chart in the drawers?", "Ingeborg Malm",
         "The oldest chart in the drawers was drawn by Ingeborg Malm in 1871.", 10),
    Fact("Where are the spare fuses for the alarm?", "green cocoa tin",
         "Spare fuses for the alarm are kept in a green cocoa tin.", 14),
    Fact("How much does the salinometer drift every season?", "0.04 units",
         "The salinometer drifts by 0.04 units every season.", 16),
)  # fmt: skip
PDF_TABLE_FACT = Fact(
    "Which tolerance does the barometer have?",
    "0.3 hPa",
    "Instrument: barometer, Twin: Fuess 114, Tolerance: 0.3 hPa",
    16,
)


def write_pdf(path: Path, pages: int = 17) -> DocumentWithFacts:
    """Write a handbook of at least 17 pages with headings, prose, page headers, page numbers and a table."""
    assert pages >= len(_TOPICS)
    styles = getSampleStyleSheet()
    shuffled = random.Random(7)
    story: list[object] = []
    for number in range(1, pages + 1):
        heading, opening = _TOPICS[(number - 1) % len(_TOPICS)]
        suffix = "" if number <= len(_TOPICS) else f", part {(number - 1) // len(_TOPICS) + 1}"
        planted = [fact.quote for fact in PDF_FACTS if fact.page == number]
        story.append(Paragraph(heading + suffix, styles["Heading1"]))
        story.append(Paragraph(" ".join([opening, *shuffled.sample(_FILLER, 4)]), styles["BodyText"]))
        story.append(
            Paragraph(
                " ".join([*shuffled.sample(_FILLER, 2), *planted, *shuffled.sample(_FILLER, 2)]), styles["BodyText"]
            )
        )
        story.append(Paragraph("Remarks", styles["Heading2"]))
        story.append(Paragraph(" ".join(shuffled.sample(_FILLER, 5)), styles["BodyText"]))
        if number == PDF_TABLE_FACT.page:
            story.append(_pdf_table())
        story.append(PageBreak())
    SimpleDocTemplate(str(path), title=PDF_TITLE, author="The keepers").build(
        story, onFirstPage=_draw_header_and_page_number, onLaterPages=_draw_header_and_page_number
    )
    return DocumentWithFacts(path, (*PDF_FACTS, PDF_TABLE_FACT))


def write_long_pdf(path: Path, pages: int) -> Path:
    return write_pdf(path, pages).path


def _pdf_table() -> Table:
    rows = [
        ["Instrument", "Twin", "Tolerance"],
        ["barometer", "Fuess 114", "0.3 hPa"],
        ["thermometer", "Six 22", "0.1 K"],
        ["current meter", "Ekman 9", "2 cm/s"],
    ]
    return Table(rows, colWidths=[140, 140, 100])


def _draw_header_and_page_number(canvas: Canvas, document: BaseDocTemplate) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(72, 812, PAGE_HEADER)
    canvas.drawCentredString(297, 30, f"Page {document.page}")


def write_two_column_pdf(path: Path) -> None:
    """Write a PDF of prose in two columns."""
    styles = getSampleStyleSheet()
    frames = [Frame(60, 60, 220, 700), Frame(310, 60, 220, 700)]
    document = BaseDocTemplate(str(path))
    document.addPageTemplates([PageTemplate(frames=frames)])
    text = " ".join(_FILLER)
    document.build([Paragraph(f"Paragraph {number}. {text}", styles["BodyText"]) for number in range(1, 10)])


def write_encrypted_pdf(path: Path) -> None:
    canvas = Canvas(str(path), encrypt=pdfencrypt.StandardEncryption("open sesame", "owner", strength=128))
    canvas.drawString(72, 700, "Nobody reads this without the password.")
    canvas.save()


def write_image_pdf(path: Path, pages: int = 3) -> None:
    """Write a PDF with an image of noise on every page and without text."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    image = io.BytesIO()
    Image.effect_noise((200, 200), 60).convert("RGB").save(image, "PNG")
    canvas = Canvas(str(path))
    for _ in range(pages):
        canvas.drawImage(ImageReader(image), 72, 300, 400, 400)
        canvas.showPage()
    canvas.save()


DOCX_TITLE = "Fastening Guide for Lattice Towers"
DOCX_FACTS = (
    Fact("Which torque does Bolt Kestrel need?", "118 Nm", "Part: Bolt Kestrel, Torque: 118 Nm, Material: titanium"),
    Fact("Of which material is Bolt B?", "brass", "Part: Bolt B, Torque: 40 Nm, Material: brass"),
    Fact(
        "How often are the towers of the Quillon ridge inspected?",
        "every 19 months",
        "The towers of the Quillon ridge are inspected every 19 months.",
    ),
)


def write_docx(path: Path) -> DocumentWithFacts:
    """Write a Word document with two levels of headings, prose, a list, tables, a page header, a comment and properties."""
    word = docx.Document()
    word.core_properties.title = DOCX_TITLE
    word.core_properties.author = "Ada Quist"
    word.add_heading("Fasteners", 1)
    word.add_paragraph("This chapter lists every bolt of the lattice towers, with its torque and its material.")
    word.add_heading("Torques", 2)
    _word_table(word, [("Part", "Torque", "Material"), ("Bolt A", "35 Nm", "steel"), ("Bolt B", "40 Nm", "brass"),
                       ("Bolt Kestrel", "118 Nm", "titanium")])  # fmt: skip
    word.add_heading("Inspection", 1)
    paragraph = word.add_paragraph("The towers of the ")
    paragraph.add_run("Quillon ridge").bold = True
    paragraph.add_run(" are inspected every 19 months.")
    for step in ("Climb with two ropes", "Look at every weld", "Write the report the same day"):
        word.add_paragraph(step, style="List Bullet")
    _word_table(word, [("Tower", "Height"), ("North", "61 m"), ("South", "58 m")])
    word.sections[0].header.paragraphs[0].text = "Fastening guide, third edition"
    word.add_comment(paragraph.runs[0], text="Was 24 months before the storm.", author="Bo Lind")
    word.save(str(path))
    return DocumentWithFacts(path, DOCX_FACTS)


def _word_table(word: WordDocument, rows: list[tuple[str, ...]]) -> None:
    table = word.add_table(len(rows), len(rows[0]))
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text


HTML_TITLE = "Moss gardens of Ostrava | Green Pages"
HTML_FACTS = (
    Fact(
        "Who founded the Ledvina moss garden?",
        "Hana Ledvinová",
        "The Ledvina moss garden was founded in 1903 by the botanist Hana Ledvinová.",
    ),
    Fact("How often is star moss watered?", "twice a day", "Species: Star moss, Watering: twice a day, Shade: deep"),
)
HTML_CLUTTER = (
    "Home page of the shop",
    "trackVisitors",
    "Accept all cookies",
    "Copyright Green Pages",
    "invisible words",
)


def write_html(path: Path) -> DocumentWithFacts:
    """Write a web page with an article, surrounded by navigation, scripts, a cookie banner, a sidebar and a footer."""
    path.write_text(
        f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{HTML_TITLE}</title>
<style>body {{ color: green }}</style><script>function trackVisitors() {{ return "<p>not text</p>"; }}</script></head>
<body><header class="site-header"><nav><ul><li><a href="/">Home page of the shop</a><li><a href="/x">Contact</a></ul></nav>
</header>
<div id="cookie-banner">Accept all cookies</div>
<main><article><h1>Moss gardens of Ostrava</h1>
<p>The <b>Ledvina</b> moss garden was founded in 1903 by the <a href="/h">botanist</a> Hana Ledvinová. It lies behind
the old brewery, on a slope that never sees the sun, and is open from April to October.</p>
<h2>Watering</h2><p>All mosses drink through their leaves, so they are sprinkled and never flooded.</p>
<table><tr><th>Species</th><th>Watering</th><th>Shade</th></tr><tr><td>Star moss</td><td>twice a day</td><td>deep</td></tr>
<tr><td>Fern moss</td><td>every morning</td><td>light</td></tr></table>
<p style="display: none">invisible words</p><p>Half-closed paragraph with <i>italics
<p>and another one.</article></main>
<aside class="sidebar">Buy our gnomes</aside><footer>Copyright Green Pages</footer>
<script>trackVisitors();</script></body></html>
""",
        encoding="utf-8",
    )
    return DocumentWithFacts(path, HTML_FACTS)


WRITERS: dict[str, Callable[[Path], DocumentWithFacts]] = {"pdf": write_pdf, "docx": write_docx, "html": write_html}
"""Writers of documents with facts, by extension."""


MARKDOWN = """# Beekeeping notes

Some *calm* days in spring, with `smoke`, are best for the first look.

## Hives

- The blue hive holds the queen **Philippa**.
- The white hive is empty.

| Hive | Frames | Honey |
|------|--------|-------|
| blue | 11 | 14 kg |
| white | 0 | none |

```python
honey = frames * 1.3
```
"""
CSV = 'City,Bridge,"Length, m"\nPorto,Arrábida,614\n"Lyon, old town",Bonaparte,"149"\nNarva,Friendship,162\n'


def write_zip_bomb(path: Path, mebibytes: int = 600) -> None:
    """Write a Word document whose body unpacks to this many MiB of zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types>wordprocessingml.document.main+xml</Types>")
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(mebibytes):
                part.write(bytes(MIB))


def write_png(path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (20, 20), "red").save(path, "PNG")
