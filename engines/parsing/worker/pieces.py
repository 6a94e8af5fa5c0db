"""A block's text in pieces of bounded weight, cut where it hurts least: behind sentences, else words, else anywhere."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from engines.parsing.worker.block import BlockKind, is_heading
from engines.parsing.worker.composer import PlacedBlock
from engines.parsing.worker.tokens import CHARACTERS_PER_TOKEN, Tokens, weight
from records.document import BoundingBox

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\s+|[。！？]+|\n+\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    start: int
    glue: str
    "Stands before it, where another piece does."
    tokens: int
    is_heading: bool = False
    page: int | None = None
    box: BoundingBox | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def weight(self) -> int:
        return weight(self.tokens, len(self.text) + len(self.glue))


def pieces_of(placed: PlacedBlock, tokens: Tokens, limit: int, room: int, *, fine: bool = False) -> Iterator[Piece]:
    """The block whole, where it fits into `room`; else in sentences of at most `limit` each.

    A table row is whole wherever it fits into a chunk of its own. `fine` cuts into sentences in any case.
    """
    block = placed.block
    spans = tokens.spans(block.text)
    whole = limit if block.kind is BlockKind.TABLE_ROW else room
    fits = weight(len(spans), len(block.text)) <= whole
    cuts = [len(block.text)] if fits and not fine else list(_cuts(block.text, spans, tokens, limit))
    starts = [start for start, _ in spans]
    begin, glue = 0, placed.glue
    for cut in cuts:
        count = bisect_left(starts, cut) - bisect_left(starts, begin)
        text = block.text[begin:cut]
        yield Piece(text, placed.start + begin, glue, count, is_heading(block), block.page, block.box)
        begin, glue = cut, ""


def _cuts(text: str, spans: list[tuple[int, int]], tokens: Tokens, limit: int) -> Iterator[int]:
    starts = [start for start, _ in spans]
    begin = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        if end == begin:
            continue
        if weight(bisect_left(starts, end) - bisect_left(starts, begin), end - begin) > limit:
            yield from _word_cuts(text, begin, end, tokens, limit)
        else:
            yield end
        begin = end


def _word_cuts(text: str, begin: int, end: int, tokens: Tokens, limit: int) -> Iterator[int]:
    """Behind the last space that fits; in a word longer than all that, anywhere."""
    while begin < end:
        window = text[begin : min(end, begin + limit * CHARACTERS_PER_TOKEN)]
        spans = tokens.spans(window)
        length = spans[limit][0] if len(spans) > limit else len(window)
        if begin + length < end:
            space = max(window.rfind(character, 0, length) for character in " \n\t\u3000")
            length = space + 1 if space > 0 else length
        while tokens.weight(window[:length]) > limit and length > 1:
            length -= max(1, length // 10)
        begin += length
        yield begin
