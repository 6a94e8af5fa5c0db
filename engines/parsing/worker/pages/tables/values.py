"""Values in the tables of a page: numbers to which their signs are joined, such as `$` and `%`."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from engines.parsing.worker.blocks.cell_values import CURRENCY, FOOTNOTE, UNIT, is_value
from engines.parsing.worker.pages.lines import Cell, Line
from engines.parsing.worker.pages.page_spans import Span

_CURRENCY_ALONE = re.compile(rf"[-–(]?\s*{CURRENCY}\s*[(-]?", re.I)
_SIGN_ALONE = re.compile(r"[-+–—−±]")
_OPENING = re.compile(r"[(\[]")
_CLOSING_SIGN = re.compile(rf"[)\]]?\s*{UNIT}?\s*[)\]]?")
_CLOSING = re.compile(rf"[)\]]?\s*(?:%|{UNIT})?\s*[)\]]?{FOOTNOTE}?")
_SPACE_BEHIND_SIGN = re.compile(r"([$€£¥₹₩₽₺₪฿(\[+−-])\s+(?=[\d(.$€£¥₹])")
_SPACE_BEFORE_SIGN = re.compile(r"(?<=[\d)])\s+([)\]%‰])")
_MIN_CONTENTS = 4
_CLOSE = 0.6
"""Maximum gap, in font sizes, between the parts of a range such as `3 - 5`, and between a number and a footnote mark."""
_NEAR = 4.0
"""Maximum gap, in font sizes, between a number and a closing sign such as `)` or `%`."""


def cell_text(cell: Cell) -> str:
    """Return the text of a cell. The signs of a number are joined to it: `$ 1,200` becomes `$1,200`."""
    text = cell.text
    if not is_value(text) or " " not in text:
        return text
    return _SPACE_BEHIND_SIGN.sub(r"\1", _SPACE_BEFORE_SIGN.sub(r"\1", text))


def are_page_numbers(texts: Sequence[str]) -> bool:
    """Return True if the texts can be the page numbers of a table of contents: at least four, mostly increasing."""
    if len(texts) < _MIN_CONTENTS or any(not text.isdigit() or len(text) > 4 for text in texts):
        return False
    numbers = [int(text) for text in texts]
    increasing = sum(after >= before for before, after in pairwise(numbers))
    return increasing >= 0.9 * (len(numbers) - 1) and len(set(numbers)) > len(numbers) / 3


def value_cells(line: Line) -> list[Cell]:
    """Return the cells of a line, divided between two numbers, and with signs joined to their numbers."""
    return list(_join_signs([part for cell in line.cells for part in _parted(cell)]))


def _parted(cell: Cell) -> Iterator[Cell]:
    """Divide a cell between two numbers, and before a currency sign that has a gap to its number."""
    if len(cell.spans) == 1:
        yield cell
        return
    group = [cell.spans[0]]
    for number, span in enumerate(cell.spans[1:], 1):
        following = cell.spans[number + 1] if number + 1 < len(cell.spans) else None
        if _parts_before(group, span, following):
            yield Cell(group)
            group = []
        group.append(span)
    yield Cell(group)


def _parts_before(group: Sequence[Span], span: Span, following: Span | None) -> bool:
    gap = (span.left - group[-1].right) / max(span.height, 0.1)
    if _CURRENCY_ALONE.fullmatch(span.text):
        is_detached = following is None or following.left - span.right > 0.4 * span.height
        return is_detached and not _OPENING.fullmatch(group[-1].text)
    if gap < _CLOSE and (_SIGN_ALONE.fullmatch(group[-1].text) or _is_sign_of_range(span, following)):
        return False
    if gap < 0.2 or not is_value(span.text):
        return False
    text = " ".join(each.text for each in group)
    if not is_value(text):
        return False
    can_be_one_number = (
        gap < 0.4 and span.text[:3].isdigit() and len(span.text.split(",")[0]) == 3 and text[-1:].isdigit()
    )
    return not can_be_one_number


def _is_sign_of_range(span: Span, following: Span | None) -> bool:
    is_close = following is not None and following.left - span.right < _CLOSE * span.height
    return is_close and bool(_SIGN_ALONE.fullmatch(span.text))


def _join_signs(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Join opening signs, such as `$`, to the next cell, and closing ones, such as `%`, to the cell before."""
    joined: list[Cell] = []
    for cell in cells:
        before = joined[-1] if joined else None
        if (before and _opens(before.text) and is_value(cell.text)) or (before and _closes(before, cell)):
            joined[-1] = Cell([*before.spans, *cell.spans])
        else:
            joined.append(cell)
    yield from joined


def _opens(text: str) -> bool:
    return bool(_CURRENCY_ALONE.fullmatch(text) or _OPENING.fullmatch(text))


def _closes(before: Cell, cell: Cell) -> bool:
    gap = (cell.left - before.right) / cell.height
    if gap > _NEAR or not is_value(before.text.rstrip("( ") or "x"):
        return False
    return bool(_CLOSING.fullmatch(cell.text)) if gap < _CLOSE else bool(_CLOSING_SIGN.fullmatch(cell.text))
