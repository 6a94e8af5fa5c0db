"""Values in tables: numbers with their signs, and names of periods, which look like numbers but name columns."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from engines.parsing.worker.pages.lines import Cell, Line
from engines.parsing.worker.pages.page_spans import Span

_CURRENCY = r"(?:(?:US|C|A|HK|NZ|S|R|CA|AU)?[$€£¥₹₩₽₺₪฿]|USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|Rs\.?|kr\.?|SEK|NOK|DKK|zł|RM)"
_FOOTNOTE = r"(?:\s*\((?:\d{1,2}|[a-z])\)|\s*[*†‡§#¹²³⁴⁵⁶⁷⁸⁹⁰]+)"
_AMOUNT = r"(?:\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+|\d[\d.,]*|\.\d+)(?:[.,]\d+)?"
_UNIT = r"(?:%|‰|x|bps|bp|pp|pts?|°C|°F|°)"
_SIGN = r"[-+−–—±~<>≤≥]"
_NUMBER = re.compile(
    rf"\(?\s*{_SIGN}?\s*{_CURRENCY}?\s*\(?\s*{_SIGN}?\s*{_AMOUNT}\s*{_UNIT}?\s*\)?\s*(?:{_UNIT}|{_CURRENCY})?\s*\)?{_FOOTNOTE}?",
    re.I,
)
_MAX_VALUE = 40
_DIGIT = re.compile(r"\d")
_RANGE = re.compile(r"\s+[-–—]\s+|(?<=\d)[–—](?=\d)")
_SIGN_ALONE = re.compile(r"[-+–—−±]")
_DASH = re.compile(rf"{_CURRENCY}?\s*(?:[-–—―−‒]+|\.{{2,3}}|…)\s*(?:%|\)|{_CURRENCY})?{_FOOTNOTE}?")
_NO_VALUE = re.compile(rf"(?:n/?a|n\.a\.|n/?m|nm|nil|none|\*+|†+){_FOOTNOTE}?", re.I)
_CURRENCY_ALONE = re.compile(rf"[-–(]?\s*{_CURRENCY}\s*[(-]?", re.I)
_OPENING = re.compile(r"[(\[]")
_CLOSING_SIGN = re.compile(rf"[)\]]?\s*{_UNIT}?\s*[)\]]?")
_CLOSING = re.compile(rf"[)\]]?\s*(?:%|{_UNIT})?\s*[)\]]?{_FOOTNOTE}?")
_YEAR = r"(?:19|20)\d\d"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_PERIOD = re.compile(
    rf"(?:fy|cy|fiscal|year|h[12]|[1-4]?q[1-4]?)?[\s'’]*(?:{_YEAR}|fy\s?'?\d\d|[1-4]?q[1-4]?[\s'’]?\d\d)(?:\s?[/–-]\s?(?:\d\d|{_YEAR}))?"
    rf"[ae*]?{_FOOTNOTE}?|{_MONTH}(?:\s+\d{{1,2}},?)?(?:\s+{_YEAR})?{_FOOTNOTE}?|\d{{1,2}}/\d{{1,2}}/(?:{_YEAR}|\d\d)",
    re.I,
)
_PERIOD_INSIDE = re.compile(
    rf"\b(?:{_YEAR}|{_MONTH}|quarters?|months?|weeks?|years?|fiscal|ended|ending|as of|q[1-4])\b", re.I
)
_SPACE_BEHIND_SIGN = re.compile(r"([$€£¥₹₩₽₺₪฿(\[+−-])\s+(?=[\d(.$€£¥₹])")
_SPACE_BEFORE_SIGN = re.compile(r"(?<=[\d)])\s+([)\]%‰])")
_MIN_CONTENTS = 4
_CLOSE = 0.6
"""Gap below which the parts of a range, and a footnote mark, belong to a number, in font sizes."""
_NEAR = 4.0
"""Gap up to which a closing sign belongs to the number before it, in font sizes."""


def cell_text(cell: Cell) -> str:
    """Return the text of a cell. The signs of a number are joined to it: `$ 1,200` becomes `$1,200`."""
    text = cell.text
    if not is_value(text) or " " not in text:
        return text
    return _SPACE_BEHIND_SIGN.sub(r"\1", _SPACE_BEFORE_SIGN.sub(r"\1", text))


def is_value(text: str) -> bool:
    """Return True for a number with its signs, and for the signs that stand for no number, such as a dash."""
    if len(text) > _MAX_VALUE or (len(text) > 4 and not _DIGIT.search(text)):
        return False
    if _NUMBER.fullmatch(text) or _DASH.fullmatch(text) or _NO_VALUE.fullmatch(text):
        return True
    limits = _RANGE.split(text)
    return len(limits) == 2 and all(map(_NUMBER.fullmatch, limits))


def is_period(text: str) -> bool:
    """Return True for a year, a quarter, a month or a date: they are names of columns, although they can be numbers."""
    return bool(_PERIOD.fullmatch(text))


def mentions_period(text: str) -> bool:
    """Return True if a text names a period, such as `Three months ended`."""
    return bool(_PERIOD_INSIDE.search(text))


def are_page_numbers(texts: Sequence[str]) -> bool:
    """Return True if the texts at the right edge can be the page numbers of a table of contents."""
    if len(texts) < _MIN_CONTENTS or any(not text.isdigit() or len(text) > 4 for text in texts):
        return False
    numbers = [int(text) for text in texts]
    increasing = sum(after >= before for before, after in pairwise(numbers))
    return increasing >= 0.9 * (len(numbers) - 1) and len(set(numbers)) > len(numbers) / 3


def value_cells(line: Line) -> list[Cell]:
    """Return the cells of a line with the signs of numbers joined to them, and neighbouring numbers apart."""
    return list(_join_signs([part for cell in line.cells for part in _parted(cell)]))


def _parted(cell: Cell) -> Iterator[Cell]:
    """Divide a cell in front of a currency sign that is apart from its number, and between two numbers."""
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
