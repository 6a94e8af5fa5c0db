"""The document's text, put together from blocks as they come; every block learns where it stands in it."""

from dataclasses import dataclass, replace

from engines.parsing.cleaning import clean
from engines.parsing.limits import Limits, above_limit
from engines.parsing.worker.block import Block, is_heading
from records.document import HeadingRecord


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    block: Block
    start: int
    "Of the block's own text, in code points; its glue stands before."
    glue: str


class Composer:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.length = 0
        self.outline: list[HeadingRecord] = []

    def add(self, block: Block) -> PlacedBlock | None:
        """None for a block without text."""
        text = clean(block.text)
        if not text:
            return None
        glue = block.glue.value if self.length else ""
        placed = PlacedBlock(replace(block, text=text), self.length + len(glue), glue)
        self.length = placed.start + len(text)
        if self.length > self._limits.characters:
            raise above_limit(f"The document has more than {self._limits.characters:,} characters of text.")
        if is_heading(block):
            self.outline.append(HeadingRecord(text, block.level, placed.start, block.page))
        return placed
