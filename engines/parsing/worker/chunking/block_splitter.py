"""Division of blocks into parts of bounded size: at the ends of sentences, else between words, else anywhere."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from engines.parsing.worker.blocks.block import BlockKind, is_heading
from engines.parsing.worker.blocks.text_builder import PlacedBlock
from engines.parsing.worker.chunking.token_counter import MAX_CHARACTERS_PER_TOKEN, TokenCounter, weight
from records.document import BoundingBox

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\s+|[。！？]+|\n+\s*")


@dataclass(frozen=True, slots=True)
class BlockPart:
    """A whole block or a part of one, with its position in the document's text."""

    text: str
    start: int
    separator: str
    "Text between this part and the previous one."
    tokens: int
    is_heading: bool = False
    is_table_row: bool = False
    page: int | None = None
    box: BoundingBox | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def weight(self) -> int:
        """The token count with the separator, bounded below by the length (see `token_counter.weight`)."""
        return weight(self.tokens, len(self.text) + len(self.separator))


def split_block(
    placed: PlacedBlock, tokens: TokenCounter, limit: int, room: int, *, by_sentence: bool = False
) -> Iterator[BlockPart]:
    """Yield the whole block if it has at most `room` tokens, else sentences of at most `limit` tokens each.

    A table row stays whole if it fits into a chunk of its own. `by_sentence` divides a block that would fit, too.
    """
    block = placed.block
    spans = tokens.spans(block.text)
    max_whole = limit if block.kind is BlockKind.TABLE_ROW else room
    fits = weight(len(spans), len(block.text)) <= max_whole
    cuts = [len(block.text)] if fits and not by_sentence else list(_cuts(block.text, spans, tokens, limit))
    starts = [start for start, _ in spans]
    begin, separator = 0, placed.separator
    for cut in cuts:
        count = bisect_left(starts, cut) - bisect_left(starts, begin)
        text = block.text[begin:cut]
        is_row = block.kind is BlockKind.TABLE_ROW
        yield BlockPart(text, placed.start + begin, separator, count, is_heading(block), is_row, block.page, block.box)
        begin, separator = cut, ""


def _cuts(text: str, spans: list[tuple[int, int]], tokens: TokenCounter, limit: int) -> Iterator[int]:
    """Yield the offsets at which parts end: sentence ends, and cuts inside of a sentence above the limit."""
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


def _word_cuts(text: str, begin: int, end: int, tokens: TokenCounter, limit: int) -> Iterator[int]:
    """Yield cuts after the last space that keeps a part within the limit; a longer word is cut anywhere."""
    while begin < end:
        window = text[begin : min(end, begin + limit * MAX_CHARACTERS_PER_TOKEN)]
        spans = tokens.spans(window)
        length = spans[limit][0] if len(spans) > limit else len(window)
        if begin + length < end:
            space = max(window.rfind(character, 0, length) for character in " \n\t\u3000")
            length = space + 1 if space > 0 else length
        while tokens.weight(window[:length]) > limit and length > 1:
            length -= max(1, length // 10)
        begin += length
        yield begin
