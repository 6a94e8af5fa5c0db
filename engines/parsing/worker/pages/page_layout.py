"""Layout of one page: its regions in the order of reading, and the tables, listings and prose in each."""

from collections.abc import Iterator, Sequence

from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.pages.columns import regions_of
from engines.parsing.worker.pages.hyphens import WordEvidence
from engines.parsing.worker.pages.justified import join_justified
from engines.parsing.worker.pages.lines import Line
from engines.parsing.worker.pages.listings import listing_blocks, listing_end
from engines.parsing.worker.pages.page_spans import Page, Span
from engines.parsing.worker.pages.paragraphs import ParagraphReader
from engines.parsing.worker.pages.tables.number_tables import number_tables
from engines.parsing.worker.pages.tables.ruled_tables import ruled_tables
from engines.parsing.worker.pages.tables.table import Table
from engines.parsing.worker.pages.tables.table_lines import TableLine
from engines.parsing.worker.pages.tables.text_tables import text_table_at
from engines.parsing.worker.pages.typography import Typography
from records.document import BoundingBox

Item = Line | Table


class LayoutReader:
    """Converts the pages of one document to blocks, in order.

    A table without column names gets those of the table before it, if it continues that table on the next page.
    """

    def __init__(self, typography: Typography, words: WordEvidence) -> None:
        self._typography = typography
        self._paragraphs = ParagraphReader(typography, words)
        self._last: Table | None = None
        self.tables = 0

    def blocks(self, page: Page) -> Iterator[Block]:
        """Yield the blocks of a page in the order of reading, then its rotated texts and its comments."""
        for region in _regions(page):
            yield from self._region(region, page)
        for span in page.rotated_texts:
            yield Block(BlockKind.PARAGRAPH, span.text, page=page.number, box=_box(span, page.number))
        for note in page.notes:
            yield Block(BlockKind.PARAGRAPH, note, page=page.number)

    def _region(self, items: Sequence[Item], page: Page) -> Iterator[Block]:
        lines: list[Line] = []
        for item in items:
            if isinstance(item, Line):
                lines.append(item)
                continue
            yield from self._lines(lines, page, before_table=True)
            yield from self._table(item, page)
            lines = []
        yield from self._lines(lines, page)

    def _lines(self, lines: Sequence[Line], page: Page, *, before_table: bool = False) -> Iterator[Block]:
        """Yield the blocks of lines that are outside of ruled tables.

        Listings are found first, then tables of numbers, then tables of text; the remaining lines are prose.
        `before_table` is True if a ruled table follows the lines.
        """
        lines = join_justified(lines)
        position = begin = 0
        while position < len(lines):
            end = position if self._typography.is_monospaced else listing_end(lines, position)
            if end == position:
                position += 1
                continue
            yield from self._without_listings(lines[begin:position], page)
            yield from listing_blocks(lines[position:end], page.number)
            self._last = None
            position = begin = end
        yield from self._without_listings(lines[begin:], page, before_table=before_table)

    def _without_listings(self, lines: Sequence[Line], page: Page, *, before_table: bool = False) -> Iterator[Block]:
        position, rows = 0, [TableLine(line) for line in lines]
        for begin, end, tables in number_tables(rows, page.rulings):
            yield from self._without_numbers(rows[position:begin], page, before_table=True)
            for table in tables:
                yield from self._table(table, page)
            position = end
        yield from self._without_numbers(rows[position:], page, before_table=before_table)

    def _without_numbers(self, lines: Sequence[TableLine], page: Page, *, before_table: bool) -> Iterator[Block]:
        position = begin = 0
        while position < len(lines):
            end, table = text_table_at(lines, position)
            if table is not None:
                yield from self._prose(lines[begin:position], page, before_table=True)
                yield from self._table(table, page)
                begin = end
            position = end
        yield from self._prose(lines[begin:], page, before_table=before_table)

    def _table(self, table: Table, page: Page) -> Iterator[Block]:
        if self._last is not None:
            table.continue_from(self._last)
        self._last = table
        self.tables += 1
        yield from table.blocks(page.number)

    def _prose(self, rows: Sequence[TableLine], page: Page, *, before_table: bool) -> Iterator[Block]:
        yield from self._paragraphs.blocks([row.line for row in rows], page.number, before_table=before_table)


def _regions(page: Page) -> list[list[Item]]:
    """Return the regions of a page in reading order, with each ruled table as one item of the nearest region."""
    tables = ruled_tables(page.spans, page.rulings) if page.rulings else []
    inside = {id(span) for _, spans in tables for span in spans}
    regions: list[list[Item]] = [list(region) for region in regions_of([s for s in page.spans if id(s) not in inside])]
    for table, spans in tables:
        _insert(regions, table, spans)
    return regions


def _insert(regions: list[list[Item]], table: Table, spans: Sequence[Span]) -> None:
    """Insert a table into the vertically nearest region that it overlaps horizontally, or add it as a region of its own."""
    left, right = min(span.left for span in spans), max(span.right for span in spans)
    top = min(span.top for span in spans)
    best, least = -1, float("inf")
    for index, region in enumerate(regions):
        lines = [item for item in region if isinstance(item, Line)]
        if not lines or min(line.left for line in lines) > right or max(line.right for line in lines) < left:
            continue
        distance = max(min(line.top for line in lines) - top, top - max(line.bottom for line in lines), 0.0)
        if distance < least:
            best, least = index, distance
    if best < 0:
        regions.append([table])
        return
    region = regions[best]
    place = next((index for index, item in enumerate(region) if _top(item) > top), len(region))
    region.insert(place, table)


def _top(item: Item) -> float:
    return item.top if isinstance(item, Line) else min(line.top for line in item.lines)


def _box(span: Span, page: int) -> BoundingBox:
    return BoundingBox(page, *(round(edge, 1) for edge in (span.left, span.top, span.right, span.bottom)))
