"""Conversion of a sequence of pages to blocks. Pages are processed in batches of `BATCH_PAGES`.

A batch is needed to detect repeated page headers and to measure the document's typography before text is converted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engines.parsing.worker.blocks.block import Block, PageDone
from engines.parsing.worker.pages.continuation import ContinuationJoiner
from engines.parsing.worker.pages.headers_footers import HeaderFooterFilter
from engines.parsing.worker.pages.hyphens import WordEvidence
from engines.parsing.worker.pages.lines import lines_of
from engines.parsing.worker.pages.page_coverage import PageCoverage
from engines.parsing.worker.pages.page_layout import LayoutReader
from engines.parsing.worker.pages.page_spans import Page
from engines.parsing.worker.pages.typography import Outline, Typography
from engines.parsing.worker.parse_context import ParseContext

BATCH_PAGES = 16
"""Pages in memory at the same time."""


class _BatchConverter:
    """Converts batches of pages. Statistics of the typography accumulate over the batches of one document."""

    def __init__(self, outline: Outline, context: ParseContext) -> None:
        self._typography = Typography(outline)
        self._words = WordEvidence(context.is_word)
        self._header_footer_filter = HeaderFooterFilter()
        self._joiner = ContinuationJoiner(self._words)
        self._layout = LayoutReader(self._typography, self._words)
        self._context = context

    def blocks(self, batch: list[Page]) -> Iterator[Block]:
        pages = [(page, lines_of(page.spans)) for page in batch]
        for _, lines in pages:
            self._typography.measure(lines)
            self._words.learn(line.text for line in lines)
        self._header_footer_filter.remove_from(pages, self._typography.body_height)
        for page, _ in pages:
            for block in self._layout.blocks(page):
                original = (
                    replace(block, box=page.to_original(block.box)) if page.quarter_turns and block.box else block
                )
                yield from self._joiner.add(original)
        self._context.tables = self._layout.tables

    def finish(self) -> Iterator[Block]:
        """Yield the last block of the document."""
        return self._joiner.finish()


def blocks_of_pages(
    pages: Iterable[Page], context: ParseContext, outline: Outline, coverage: PageCoverage
) -> Iterator[Block | PageDone]:
    """Yield the blocks of all pages, and a `PageDone` each time a page has been read. Update `coverage` and the progress.

    The blocks of a page follow when its batch is complete, so they come after the `PageDone` of the page.
    """
    converter, batch = _BatchConverter(outline, context), list[Page]()
    for page in pages:
        coverage.add(page)
        batch.append(page)
        context.fraction = page.number / max(1, context.page_count or 1)
        yield PageDone()
        if len(batch) == BATCH_PAGES:
            yield from converter.blocks(batch)
            batch = []
    yield from converter.blocks(batch)
    yield from converter.finish()
