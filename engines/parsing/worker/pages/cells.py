"""Lines taken apart where a gap shows that cells stand beside each other: the parser joins them with a single space."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from engines.parsing.worker.pages.page import CELL_GAP, Line

TALLER = 1.05
"""From where on a line is higher than its words."""


def split_lines(lines: Sequence[Line], words: Sequence[Line]) -> list[Line]:
    """Each line whole, or in pieces that together have the same characters."""
    at_baseline: dict[int, list[Line]] = defaultdict(list)
    for word in words:
        at_baseline[round(word.bottom)].append(word)
    pieces: list[Line] = []
    for line in lines:
        base = round(line.bottom)
        near = [word for offset in (-1, 0, 1) for word in at_baseline.get(base + offset, ()) if _inside(word, line)]
        pieces += _split(_lowered(line, near), near)
    return pieces


def _lowered(line: Line, words: list[Line]) -> Line:
    """As high as most of its words: a single raised sign makes no line a heading."""
    if not words:
        return line
    top, bottom = median(word.top for word in words), median(word.bottom for word in words)
    return replace(line, top=top, bottom=bottom) if line.height > TALLER * (bottom - top) else line


def _inside(word: Line, line: Line) -> bool:
    return word.left >= line.left - 1 and word.right <= line.right + 1


def _split(line: Line, words: list[Line]) -> list[Line]:
    words.sort(key=lambda word: word.left)
    groups: list[list[Line]] = []
    for word in words:
        if groups and word.left - groups[-1][-1].right <= CELL_GAP * line.height:
            groups[-1].append(word)
        else:
            groups.append([word])
    if len(groups) < 2:
        return [line]
    texts = _texts(line.text, groups)
    if texts is None:
        return [line]
    return [
        Line(text, group[0].left, line.top, group[-1].right, line.bottom, line.font)
        for text, group in zip(texts, groups, strict=True)
    ]


def _texts(text: str, groups: list[list[Line]]) -> list[str] | None:
    """The line's own text, cut behind as many visible characters as each group has; None where they differ."""
    texts = []
    rest = text
    for group in groups:
        wanted = "".join("".join(word.text.split()) for word in group)
        end = seen = 0
        while end < len(rest) and seen < len(wanted):
            seen += not rest[end].isspace()
            end += 1
        if "".join(rest[:end].split()) != wanted:
            return None
        texts.append(rest[:end].strip())
        rest = rest[end:]
    return None if rest.strip() else texts
