"""Paragraphs, headings, list items and tables from the rows of a page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.blocks.table_rows import table_blocks
from engines.parsing.worker.pages.page_lines import Page
from engines.parsing.worker.pages.page_rows import Row, box_around, rows_of, typical_line_gap
from engines.parsing.worker.pages.page_tables import aligned_rows, grid_of, is_table, is_text_columns

Outline = dict[tuple[int, str], int]
"""Levels of a file's bookmarks, by page number and text (one line, casefolded)."""

_LIST_ITEM = re.compile(r"([•◦▪‣·●○■□–—*]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+\S")
_HEADING_NUMBER = re.compile(r"((chapter|section|part|appendix|kapitel)\s+)?[\dIVX]+(\.\d+)*\.?\s+\S", re.I)
_DOTTED_NUMBER = re.compile(r"((?:\d+|[A-Z](?=\.\d))(?:\.\d+)*)\.?\s+(?=\S)")
_BOLD_FONT = re.compile(r"bold|black|heavy|semibold|demi", re.I)
_HYPHENATED = re.compile(r"[^\W\d_][-\u00ad\u2010]$")
_MAX_HEADING_LENGTH = 200
_NEIGHBOURS = 8
"""Rows before and after a row that determine the right edge of its column."""
_MIN_HEADING_RATIO = 1.12
"""Minimum ratio of a heading's font size to the body's."""
_LEVEL_RATIOS = (1.7, 1.35)
"""Minimum ratios for headings of the levels 1 and 2. Smaller headings have level 3."""


@dataclass(frozen=True, slots=True)
class Typography:
    """Body text of the document as measured so far, and the bookmarks of the file."""

    body_height: float
    "Line height in points."
    body_is_bold: bool
    outline: Outline


def blocks_of_page(page: Page, typography: Typography) -> Iterator[Block]:
    """Yield the blocks of a page in reading order."""
    rows = [row for row in rows_of(page) if row.text.strip()]
    gap = typical_line_gap(rows)
    prose: list[Row] = []
    position = 0
    while position < len(rows):
        count = aligned_rows(rows, position)
        run = rows[position : position + count]
        if is_text_columns(run) or is_table(run):
            yield from _paragraphs(prose, page, gap, typography)
            prose = []
            yield from _columns(run, page, gap, typography) if is_text_columns(run) else _table(run, page)
        else:
            count = max(1, count)
            prose += rows[position : position + count]
        position += count
    yield from _paragraphs(prose, page, gap, typography)


def _table(rows: Sequence[Row], page: Page) -> Iterator[Block]:
    grid = grid_of(rows)
    yield from table_blocks(grid.header, grid.cells, page=page.number, box=box_around(rows, page.number))


def _columns(rows: Sequence[Row], page: Page, gap: float, typography: Typography) -> Iterator[Block]:
    for column in range(len(rows[0].cells)):
        column_rows = [Row([row.cells[column]]) for row in rows if column < len(row.cells)]
        yield from _paragraphs(column_rows, page, gap, typography)


def _paragraphs(rows: Sequence[Row], page: Page, gap: float, typography: Typography) -> Iterator[Block]:
    if not rows:
        return
    paragraph = [rows[0]]
    for number, (before, row) in enumerate(pairwise(rows)):
        right_edge = _right_edge(rows[max(0, number - _NEIGHBOURS) : number + _NEIGHBOURS], before)
        if _begins_paragraph(paragraph, before, row, gap, right_edge):
            yield _block(paragraph, page, typography)
            paragraph = []
        paragraph.append(row)
    yield _block(paragraph, page, typography)


def _right_edge(neighbours: Sequence[Row], row: Row) -> float:
    """Return the right edge of the column that contains the row."""
    return max(other.right for other in neighbours if other.left < row.right and other.right > row.left)


def _begins_paragraph(paragraph: Sequence[Row], before: Row, row: Row, gap: float, right_edge: float) -> bool:
    """Return True if a row starts a new paragraph.

    Signs of a new paragraph are a wide gap, a move upwards, another font size or weight, a list marker, a row before that
    ends a sentence short of the right edge, and an indented row.
    """
    height = max(before.height, 1.0)
    distance = row.top - before.bottom
    if distance > gap + 0.35 * height or row.top < before.top - height / 2:
        return True
    if abs(row.height - before.height) > 0.1 * height or row.has_wide_gap or before.has_wide_gap:
        return True
    if _LIST_ITEM.match(row.text) or _is_bold(row) != _is_bold(before):
        return True
    ends_short = before.right < right_edge - 0.25 * (right_edge - before.left)
    if ends_short and before.text.rstrip().endswith((".", "!", "?", ":", "。")):
        return True
    is_indented = row.left - before.left > height
    return is_indented and not _LIST_ITEM.match(paragraph[0].text) and len(paragraph) > 1


def _block(rows: Sequence[Row], page: Page, typography: Typography) -> Block:
    text = _joined(rows)
    box = box_around(rows, page.number)
    level = _heading_level(rows, text, page, typography)
    if level:
        return Block(BlockKind.HEADING, one_line(text), level=level, page=page.number, box=box)
    kind = BlockKind.LIST_ITEM if _LIST_ITEM.match(text) else BlockKind.PARAGRAPH
    return Block(kind, text, page=page.number, box=box)


def _joined(rows: Sequence[Row]) -> str:
    """Join rows to one line. Hyphenated words are rejoined; cells with a wide gap are separated by a bar."""
    text = ""
    for row in rows:
        line = (" | " if row.has_wide_gap else " ").join(one_line(cell.text) for cell in row.cells)
        if _HYPHENATED.search(text) and line[:1].islower():
            text = text[:-1] + line
            continue
        text = f"{text} {line}" if text else line
    return text


def _heading_level(rows: Sequence[Row], text: str, page: Page, typography: Typography) -> int:
    """Return the level of a heading, or 0 for other text. Bookmarks decide first, then the font size, then the weight."""
    if level := typography.outline.get((page.number, one_line(text).casefold())):
        return level
    if len(text) > _MAX_HEADING_LENGTH or len(rows) > 3 or any(row.has_wide_gap for row in rows):
        return 0
    if not any(character.isalpha() for character in text) or text.endswith((".", ",", ";")) or "… " in text:
        return 0
    ratio = rows[0].height / typography.body_height
    if ratio >= _MIN_HEADING_RATIO:
        return _level_of_larger(text, ratio, page, typography)
    stands_out = all(_is_bold(row) for row in rows) and not typography.body_is_bold and not text.endswith(":")
    is_short = len(rows) == 1 and len(text) <= 100
    is_numbered_or_capitalized = _HEADING_NUMBER.match(text) or text[:1].isupper()
    is_heading = stands_out and is_short and ratio >= 0.95 and is_numbered_or_capitalized
    return len(_LEVEL_RATIOS) + 2 if is_heading else 0


def _level_of_larger(text: str, ratio: float, page: Page, typography: Typography) -> int:
    """Return the level of a heading in a larger font.

    A bookmark with the heading's text without its number decides. Otherwise the level follows from the font size, but is no
    smaller than the count of the number's parts: 2 or more for `2.1 Names`.
    """
    number = _DOTTED_NUMBER.match(text)
    if not number:
        return _level_of_size(ratio)
    bookmarked = typography.outline.get((page.number, one_line(text[number.end() :]).casefold()))
    return bookmarked or max(_level_of_size(ratio), number[1].count(".") + 1)


def _level_of_size(ratio: float) -> int:
    return next((level for level, least in enumerate(_LEVEL_RATIOS, 1) if ratio >= least), len(_LEVEL_RATIOS) + 1)


def _is_bold(row: Row) -> bool:
    return bool(_BOLD_FONT.search(row.font))
