"""From pages to blocks, some pages at a time, so that what repeats in margins and what is usual in a document is seen."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from engines.parsing.worker.block import Block, PageDone
from engines.parsing.worker.pages.coverage import Coverage
from engines.parsing.worker.pages.margins import Margins
from engines.parsing.worker.pages.page import Page
from engines.parsing.worker.pages.paragraphs import Typography, blocks_of_page
from engines.parsing.worker.reading import Reading

BATCH = 16
"""Pages that are held at once."""

Outline = dict[tuple[int, str], int]
"""Levels of the file's own bookmarks, by page and text (one line, casefolded)."""


class Batches:
    """Remembers over the batches of one document what is usual in it."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._margins = Margins()
        self._heights = Counter[float]()
        self._bold = Counter[bool]()

    def blocks(self, batch: list[Page]) -> Iterator[Block]:
        for page in batch:
            self._measure(page)
        body = self._heights.most_common(1)[0][0] if self._heights else 10.0
        self._margins.strip(batch, body)
        typography = Typography(body, self._bold[True] > self._bold[False], self._outline)
        for page in batch:
            for block in blocks_of_page(page, typography):
                yield replace(block, box=page.as_shown(block.box)) if page.turns and block.box else block

    def _measure(self, page: Page) -> None:
        for line in page.lines:
            self._heights[round(line.height * 2) / 2] += len(line.text)
            self._bold["bold" in line.font.lower()] += len(line.text)


def blocks_of_pages(
    pages: Iterable[Page], reading: Reading, outline: Outline, coverage: Coverage
) -> Iterator[Block | PageDone]:
    batches, batch = Batches(outline), list[Page]()
    for page in pages:
        coverage.note(page)
        batch.append(page)
        reading.fraction = page.number / max(1, reading.page_count or 1)
        yield PageDone()
        if len(batch) == BATCH:
            yield from batches.blocks(batch)
            batch = []
    yield from batches.blocks(batch)
