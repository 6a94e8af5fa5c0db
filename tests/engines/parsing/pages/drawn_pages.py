"""Pages for tests of layout analysis: they are made of spans with positions, without a PDF."""

from collections.abc import Iterable

from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.pages.hyphens import WordEvidence
from engines.parsing.worker.pages.lines import lines_of
from engines.parsing.worker.pages.page_layout import LayoutReader
from engines.parsing.worker.pages.page_spans import Page, Ruling, Span
from engines.parsing.worker.pages.typography import Outline, Typography

CHARACTER = 5.0
"""Width of a character in points, at a font size of 10 points."""
BODY = "This line of body text is as wide as others."


def span(text: str, row: float, left: float = 70, *, size: float = 10, bold: bool = False, mono: bool = False) -> Span:
    """Return a span whose `row` counts lines of 12 points from the top of the page."""
    top = 50 + row * 12
    return Span(text, left, top, left + len(text) * CHARACTER * size / 10, top + size, "Serif", bold, mono)


def right(text: str, row: float, edge: float, *, bold: bool = False) -> Span:
    """Return a span whose right edge is at `edge`, as for a number aligned on the right."""
    return span(text, row, edge - len(text) * CHARACTER, bold=bold)


def page(*spans: Span, number: int = 1, rulings: Iterable[Ruling] = ()) -> Page:
    return Page(number, 600, 800, list(spans), list(rulings))


def blocks(
    drawn: Page, outline: Outline | None = None, words: Iterable[str] = (), following: Page | None = None
) -> list[Block]:
    """Return the blocks of a page and of the page `following` it. `words` are the words of the dictionary."""
    typography = Typography(outline or {})
    typography.measure(lines_of([span(BODY, row) for row in range(20)]))
    evidence = WordEvidence(frozenset(words).__contains__)
    evidence.learn(line.text for line in lines_of(drawn.spans))
    reader = LayoutReader(typography, evidence)
    return [block for each in (drawn, following) if each for block in reader.blocks(each)]


def texts(found: Iterable[Block]) -> list[str]:
    return [block.text for block in found]
