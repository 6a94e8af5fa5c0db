"""Division of lines into cells. The PDF parser joins the cells of a table row into one line with single spaces."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from engines.parsing.worker.pages.page_lines import Line
from engines.parsing.worker.pages.page_rows import CELL_GAP

_TALLER_RATIO = 1.05
"""Ratio of a line's height to that of its words above which the height of the words is used."""


def split_lines(lines: Sequence[Line], words: Sequence[Line]) -> list[Line]:
    """Divide each line at the gaps between its words that are as wide as a line is high.

    The parts of a line together have the same characters as the line. A line whose words do not match it stays whole.
    """
    at_baseline: dict[int, list[Line]] = defaultdict(list)
    for word in words:
        at_baseline[round(word.bottom)].append(word)
    parts: list[Line] = []
    for line in lines:
        base = round(line.bottom)
        near = [word for offset in (-1, 0, 1) for word in at_baseline.get(base + offset, ()) if _contains(line, word)]
        parts += _split(_with_word_height(line, near), near)
    return parts


def _with_word_height(line: Line, words: list[Line]) -> Line:
    """Return the line with the median height of its words, so that one superscript does not make it a heading."""
    if not words:
        return line
    top, bottom = median(word.top for word in words), median(word.bottom for word in words)
    return replace(line, top=top, bottom=bottom) if line.height > _TALLER_RATIO * (bottom - top) else line


def _contains(line: Line, word: Line) -> bool:
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
    texts = _divide_text(line.text, groups)
    if texts is None:
        return [line]
    return [
        Line(text, group[0].left, line.top, group[-1].right, line.bottom, line.font)
        for text, group in zip(texts, groups, strict=True)
    ]


def _divide_text(text: str, groups: list[list[Line]]) -> list[str] | None:
    """Return the text of each group of words, cut from the line's own text; None if their characters differ."""
    texts = []
    rest = text
    for group in groups:
        wanted = "".join("".join(word.text.split()) for word in group)
        end = visible = 0
        while end < len(rest) and visible < len(wanted):
            visible += not rest[end].isspace()
            end += 1
        if "".join(rest[:end].split()) != wanted:
            return None
        texts.append(rest[:end].strip())
        rest = rest[end:]
    return None if rest.strip() else texts
