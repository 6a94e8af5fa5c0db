"""Documents of prose with known sentences, drawn by Hypothesis in many layouts: columns, sizes, page headers and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hypothesis import strategies as st
from reportlab.lib.enums import TA_JUSTIFY, TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Spacer

WORDS = (
    "harbour", "keeper", "tide", "gauge", "winch", "measures", "lantern", "northern", "carefully", "repaired",
    "between", "storm", "schedule", "inspection", "replaced", "pressure", "valve", "every", "morning",
    "without", "visible", "maintenance", "under", "heavy", "rain", "office", "crew", "reported", "minor",
    "damage", "and", "the", "of", "with", "during", "their",
)  # fmt: skip
_MARGIN, _GUTTER = 60.0, 20.0


@dataclass(frozen=True, slots=True)
class GeneratedText:
    """Paragraphs of sentences, and their layout."""

    paragraphs: tuple[tuple[str, ...], ...]
    columns: int
    size: float
    leading: float
    is_justified: bool
    has_margins: bool
    "True if pages have a header and a number. The text then has at least three pages, so that they are recognized."
    is_list: bool

    @property
    def sentences(self) -> list[str]:
        """All sentences in order."""
        return [sentence for paragraph in self.paragraphs for sentence in paragraph]


@st.composite
def texts(draw: st.DrawFn) -> GeneratedText:
    """Draw prose in one to three columns."""
    columns, has_margins = draw(st.integers(1, 3)), draw(st.booleans())
    random = Random(draw(st.integers(0, 2**32)))
    paragraphs = paragraphs_of(random, draw(st.integers(80, 110) if has_margins else st.integers(5, 50)))
    return GeneratedText(
        paragraphs, columns=columns, size=draw(st.sampled_from([8.0, 9.0, 10.0, 11.0])),
        leading=draw(st.floats(1.1, 1.6)), is_justified=draw(st.booleans()), has_margins=has_margins,
        is_list=columns < 3 and draw(st.integers(0, 3)) == 0,
    )  # fmt: skip


def paragraphs_of(random: Random, count: int) -> tuple[tuple[str, ...], ...]:
    """Return `count` paragraphs of one to four sentences. Each sentence contains a unique number."""
    return tuple(
        tuple(_sentence(random, f"{number}.{part}") for part in range(random.randint(1, 4)))
        for number in range(1, count + 1)
    )


def _sentence(random: Random, mark: str) -> str:
    words = random.choices(WORDS, k=random.randint(8, 26))
    return f"Entry {mark} {' '.join(words)}."


def write_text(path: Path, text: GeneratedText) -> Path:
    """Write the paragraphs with reportlab's layout engine."""
    style = ParagraphStyle(
        "body", fontName="Times-Roman", fontSize=text.size, leading=text.size * text.leading, spaceAfter=text.size,
        alignment=TA_JUSTIFY if text.is_justified else TA_LEFT, bulletFontSize=text.size,
        leftIndent=12 if text.is_list else 0,
    )  # fmt: skip
    width = (A4[0] - 2 * _MARGIN - _GUTTER * (text.columns - 1)) / text.columns
    frames = [
        Frame(_MARGIN + number * (width + _GUTTER), 70, width, A4[1] - 140, leftPadding=0, rightPadding=0)
        for number in range(text.columns)
    ]
    template = PageTemplate("page", frames, onPage=_draw_margins if text.has_margins else _draw_nothing)
    document = BaseDocTemplate(str(path), pagesize=A4, pageTemplates=[template])
    story = [
        each
        for paragraph in text.paragraphs
        for each in (Paragraph(" ".join(paragraph), style, bulletText="•" if text.is_list else None), Spacer(1, 2))
    ]
    document.build(story)
    return path


def _draw_margins(canvas: Canvas, document: BaseDocTemplate) -> None:
    canvas.setFont("Times-Roman", 8)
    canvas.drawString(_MARGIN, A4[1] - 40, "Journal of the harbour office")
    canvas.drawCentredString(A4[0] / 2, 30, str(document.page))


def _draw_nothing(_canvas: Canvas, _document: BaseDocTemplate) -> None:
    return


def missing_sentences(text: str, sentences: Sequence[str]) -> list[str]:
    """Return the sentences that do not occur unchanged in `text`."""
    return [sentence for sentence in sentences if sentence not in text]
