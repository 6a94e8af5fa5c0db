"""Rows of a page joined into paragraphs and headings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engines.parsing.cleaning import one_line
from engines.parsing.worker.block import Block, BlockKind
from engines.parsing.worker.pages.page import Page, Row, box_around, rows_of, typical_gap
from engines.parsing.worker.pages.tables import grid_of, is_columns, is_table, table_run
from engines.parsing.worker.tables import table_blocks

_ITEM = re.compile(r"([•◦▪‣·●○■□–—*]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+\S")
_HEADING_NUMBER = re.compile(r"((chapter|section|part|appendix|kapitel)\s+)?[\dIVX]+(\.\d+)*\.?\s+\S", re.I)
_DOTTED_NUMBER = re.compile(r"((?:\d+|[A-Z](?=\.\d))(?:\.\d+)*)\.?\s+(?=\S)")
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.I)
_HYPHENATED = re.compile(r"[^\W\d_][-\u00ad\u2010]$")
_LONGEST_HEADING = 200
_NEAR = 8
"""Rows before and behind one that tell how wide its column is."""
_LARGER = 1.12
"""A heading's size over the body's, at least."""
_LEVELS = (1.7, 1.35)
"""Sizes over the body's from which on a heading is of level 1, of level 2; what is smaller is of level 3."""


@dataclass(frozen=True, slots=True)
class Typography:
    """What is usual in the document so far."""

    body_height: float
    body_is_bold: bool
    outline: dict[tuple[int, str], int]
    "Levels of the file's own bookmarks, by page and text (one line, casefolded)."


def blocks_of_page(page: Page, typography: Typography) -> Iterator[Block]:
    rows = [row for row in rows_of(page) if row.text.strip()]
    gap = typical_gap(rows)
    prose: list[Row] = []
    position = 0
    while position < len(rows):
        count = table_run(rows, position)
        run = rows[position : position + count]
        if is_columns(run) or is_table(run):
            yield from _paragraphs(prose, page, gap, typography)
            prose = []
            yield from _columns(run, page, gap, typography) if is_columns(run) else _table(run, page)
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
        below = [Row([row.cells[column]]) for row in rows if column < len(row.cells)]
        yield from _paragraphs(below, page, gap, typography)


def _paragraphs(rows: Sequence[Row], page: Page, gap: float, typography: Typography) -> Iterator[Block]:
    if not rows:
        return
    paragraph = [rows[0]]
    for number, (before, row) in enumerate(pairwise(rows)):
        far_right = _far_right(rows[max(0, number - _NEAR) : number + _NEAR], before)
        if _begins_paragraph(paragraph, before, row, gap, far_right):
            yield _block(paragraph, page, typography)
            paragraph = []
        paragraph.append(row)
    yield _block(paragraph, page, typography)


def _far_right(near: Sequence[Row], row: Row) -> float:
    """How far the lines of this column go."""
    return max(other.right for other in near if other.left < row.right and other.right > row.left)


def _begins_paragraph(paragraph: Sequence[Row], before: Row, row: Row, gap: float, far_right: float) -> bool:
    height = max(before.height, 1.0)
    distance = row.top - before.bottom
    if distance > gap + 0.35 * height or row.top < before.top - height / 2:
        return True
    if abs(row.height - before.height) > 0.1 * height or row.is_apart or before.is_apart:
        return True
    if _ITEM.match(row.text) or _is_bold(row) != _is_bold(before):
        return True
    ends_short = before.right < far_right - 0.25 * (far_right - before.left)
    if ends_short and before.text.rstrip().endswith((".", "!", "?", ":", "。")):
        return True
    is_indented = row.left - before.left > height
    return is_indented and not _ITEM.match(paragraph[0].text) and len(paragraph) > 1


def _block(rows: Sequence[Row], page: Page, typography: Typography) -> Block:
    text = _joined(rows)
    box = box_around(rows, page.number)
    level = _heading_level(rows, text, page, typography)
    if level:
        return Block(BlockKind.HEADING, one_line(text), level=level, page=page.number, box=box)
    kind = BlockKind.LIST_ITEM if _ITEM.match(text) else BlockKind.PARAGRAPH
    return Block(kind, text, page=page.number, box=box)


def _joined(rows: Sequence[Row]) -> str:
    """One line of text; words that a hyphen divides at a line's end are whole again. Cells that stand apart keep a bar."""
    text = ""
    for row in rows:
        line = (" | " if row.is_apart else " ").join(one_line(cell.text) for cell in row.cells)
        if _HYPHENATED.search(text) and line[:1].islower():
            text = text[:-1] + line
            continue
        text = f"{text} {line}" if text else line
    return text


def _heading_level(rows: Sequence[Row], text: str, page: Page, typography: Typography) -> int:
    """0 where it is none. The file's own bookmarks are believed first, then size, then boldness."""
    if level := typography.outline.get((page.number, one_line(text).casefold())):
        return level
    if len(text) > _LONGEST_HEADING or len(rows) > 3 or any(row.is_apart for row in rows):
        return 0
    if not any(character.isalpha() for character in text) or text.endswith((".", ",", ";")) or "… " in text:
        return 0
    ratio = rows[0].height / typography.body_height
    if ratio >= _LARGER:
        return _level_of_larger(text, ratio, page, typography)
    stands_out = all(_is_bold(row) for row in rows) and not typography.body_is_bold and not text.endswith(":")
    is_short = len(rows) == 1 and len(text) <= 100
    numbered_or_named = _HEADING_NUMBER.match(text) or text[:1].isupper()
    return len(_LEVELS) + 2 if stands_out and is_short and ratio >= 0.95 and numbered_or_named else 0


def _level_of_larger(text: str, ratio: float, page: Page, typography: Typography) -> int:
    """By a bookmark that leaves out the number; else by the size, but no higher than the number says."""
    number = _DOTTED_NUMBER.match(text)
    if not number:
        return _level_of_size(ratio)
    bookmarked = typography.outline.get((page.number, one_line(text[number.end() :]).casefold()))
    return bookmarked or max(_level_of_size(ratio), number[1].count(".") + 1)


def _level_of_size(ratio: float) -> int:
    return next((level for level, least in enumerate(_LEVELS, 1) if ratio >= least), len(_LEVELS) + 1)


def _is_bold(row: Row) -> bool:
    return bool(_BOLD.search(row.font))
