"""Blocks of a sequence of pages, processed in batches to detect repeated margins and the document's typography."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from engines.parsing.worker.blocks.block import Block, PageDone
from engines.parsing.worker.pages.headers_footers import HeaderFooterFilter
from engines.parsing.worker.pages.page_coverage import PageCoverage
from engines.parsing.worker.pages.page_lines import Page
from engines.parsing.worker.pages.paragraphs import Outline, Typography, blocks_of_page
from engines.parsing.worker.parse_context import ParseContext

BATCH_PAGES = 16
"""Pages in memory at the same time."""
_DEFAULT_BODY_HEIGHT = 10.0
"""Line height of the body text, in points, if no line has been measured."""


class _BatchConverter:
    """Converts batches of pages. Statistics of the typography accumulate over the batches of one document."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._header_footer_filter = HeaderFooterFilter()
        self._heights = Counter[float]()
        self._bold = Counter[bool]()

    def blocks(self, batch: list[Page]) -> Iterator[Block]:
        for page in batch:
            self._measure(page)
        body = self._heights.most_common(1)[0][0] if self._heights else _DEFAULT_BODY_HEIGHT
        self._header_footer_filter.remove_from(batch, body)
        typography = Typography(body, self._bold[True] > self._bold[False], self._outline)
        for page in batch:
            for block in blocks_of_page(page, typography):
                yield replace(block, box=page.to_original(block.box)) if page.quarter_turns and block.box else block

    def _measure(self, page: Page) -> None:
        for line in page.lines:
            self._heights[round(line.height * 2) / 2] += len(line.text)
            self._bold["bold" in line.font.lower()] += len(line.text)


def blocks_of_pages(
    pages: Iterable[Page], context: ParseContext, outline: Outline, coverage: PageCoverage
) -> Iterator[Block | PageDone]:
    """Yield the blocks of all pages, and a `PageDone` after each page was read. Updates progress and coverage."""
    converter, batch = _BatchConverter(outline), list[Page]()
    for page in pages:
        coverage.add(page)
        batch.append(page)
        context.fraction = page.number / max(1, context.page_count or 1)
        yield PageDone()
        if len(batch) == BATCH_PAGES:
            yield from converter.blocks(batch)
            batch = []
    yield from converter.blocks(batch)
