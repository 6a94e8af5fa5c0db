"""Assembly of a document's text from its blocks."""

from dataclasses import dataclass, replace

from engines.parsing.parsing_limits import ParsingLimits, above_limit
from engines.parsing.text_cleaning import clean_text
from engines.parsing.worker.blocks.block import Block, is_heading
from records.document import HeadingRecord


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block with its position in the document's text."""

    block: Block
    start: int
    "Offset of the block's text in code points. The separator precedes it."
    separator: str


class TextBuilder:
    """Assigns positions to blocks and collects the outline of the document. The text itself is not stored."""

    def __init__(self, limits: ParsingLimits) -> None:
        self._limits = limits
        self.length = 0
        self.outline: list[HeadingRecord] = []

    def add(self, block: Block) -> PlacedBlock | None:
        """Append a block with cleaned text and return it with its position; return None for a block without text.

        Raises `DocumentUnreadable` (PARSER_LIMIT) if the text exceeds `limits.characters`.
        """
        text = clean_text(block.text)
        if not text:
            return None
        separator = block.separator.value if self.length else ""
        placed = PlacedBlock(replace(block, text=text), self.length + len(separator), separator)
        self.length = placed.start + len(text)
        if self.length > self._limits.characters:
            raise above_limit(
                f"The document's text exceeds the limit of {self._limits.characters:,} characters. "
                "Split it into smaller files."
            )
        if is_heading(block):
            self.outline.append(HeadingRecord(text, block.level, placed.start, block.page))
        return placed
