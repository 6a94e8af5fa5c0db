"""Paragraphs that continue in the next column or on the next page."""

import re
from collections.abc import Iterator
from dataclasses import replace

from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.pages.hyphens import WordEvidence
from engines.parsing.worker.pages.lines import line_separator

_PROSE = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_ENDS_SENTENCE = re.compile(r"[.!?:;。！？…][\"'”’»)\]]*$")
_MIN_LENGTH = 30
"""Minimum length, in characters, of a paragraph that can continue elsewhere. Shorter ones are captions and labels."""


class ContinuationJoiner:
    """Connects the two parts of a paragraph that continues in the next column or on the next page.

    The two parts remain separate blocks, because a block has one position. The second part gets `Separator.NONE`, so that
    the document's text has no break between them.
    """

    def __init__(self, words: WordEvidence) -> None:
        self._words = words
        self._last: Block | None = None

    def add(self, block: Block) -> Iterator[Block]:
        """Accept the next block, and yield the block before it, with the end of a hyphenated word restored."""
        last, self._last = self._last, block
        if last is None:
            return
        if not _continues(last, block):
            yield last
            return
        divided = self._words.join(last.text, block.text)
        if divided is None:
            yield last
            self._last = replace(
                block, text=f"{line_separator(last.text, block.text)}{block.text}", separator=Separator.NONE
            )
            return
        end = len(divided) - len(block.text)
        yield replace(last, text=divided[:end])
        self._last = replace(block, separator=Separator.NONE)

    def finish(self) -> Iterator[Block]:
        """Yield the last added block. Call it after the last call of `add`."""
        if self._last is not None:
            yield self._last
            self._last = None


def _continues(last: Block, block: Block) -> bool:
    """Return True if `block`, in the next column or on the next page, is the rest of the unfinished paragraph `last`."""
    if last.kind not in _PROSE or block.kind is not BlockKind.PARAGRAPH or not last.box or not block.box:
        return False
    if len(last.text) < _MIN_LENGTH or _ENDS_SENTENCE.search(last.text) or "… " in last.text:
        return False
    has_moved = block.box.page == last.box.page + 1 or (
        block.box.page == last.box.page and block.box.top < last.box.top and block.box.left > last.box.left
    )
    text = block.text.lstrip("“\"'(")
    return has_moved and (text[:1].islower() or (text[:1].isdigit() and len(text) > _MIN_LENGTH))
