"""Listings: lines in a monospaced font. Their line breaks and indentation are kept."""

from collections.abc import Iterator, Sequence

from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.pages.lines import Line, box_around
from engines.parsing.worker.pages.page_spans import Span

_MIN_LINES = 2
_MAX_GAP = 2.5
"""Maximum gap between two lines of a listing, in line heights. A gap above `_EMPTY_LINE` stands for an empty line."""
_EMPTY_LINE = 0.9
_MAX_INDENTATION = 200


def listing_end(lines: Sequence[Line], start: int) -> int:
    """Return the index after the last line of the listing that begins at `start`; return `start` if none begins there."""
    end = start
    while end < len(lines) and lines[end].is_monospaced:
        if end > start and lines[end].top - lines[end - 1].bottom > _MAX_GAP * lines[end].height:
            break
        end += 1
    return end if end - start >= _MIN_LINES else start


def listing_blocks(lines: Sequence[Line], page: int) -> Iterator[Block]:
    """Yield a listing as one block of code."""
    left, width = min(line.left for line in lines), _character_width(lines)
    texts: list[str] = []
    for number, line in enumerate(lines):
        if number and line.top - lines[number - 1].bottom > _EMPTY_LINE * line.height:
            texts.append("")
        texts.append(_verbatim(line.spans, left, width))
    yield Block(BlockKind.CODE, "\n".join(texts), page=page, box=box_around(lines, page))


def _character_width(lines: Sequence[Line]) -> float:
    spans = [span for line in lines for span in line.spans]
    return max(0.1, sum(span.right - span.left for span in spans) / sum(len(span.text) for span in spans))


def _verbatim(spans: Sequence[Span], left: float, width: float) -> str:
    """Return the text of a line, with spaces so that each span is in the column where the page shows it.

    `left` is the left edge of the listing and `width` the width of a character, both in points.
    """
    text = ""
    for span in spans:
        place = min(round((span.left - left) / width), _MAX_INDENTATION)
        gap = max(place - len(text), 1 if text and span.left - spans[0].left > 0 else 0)
        is_glued = bool(text) and place <= len(text)
        text += ("" if is_glued and place < len(text) + 0.5 else " " * gap) + span.text
    return text
