"""The block, the unit that every reader yields."""

from dataclasses import dataclass
from enum import StrEnum

from records.document import BoundingBox


class BlockKind(StrEnum):
    HEADING = "HEADING"
    PARAGRAPH = "PARAGRAPH"
    LIST_ITEM = "LIST_ITEM"
    TABLE_ROW = "TABLE_ROW"
    CODE = "CODE"
    NOTE = "NOTE"
    "Text outside of the document's sections: a comment, a footnote, a page header or footer. No heading applies to it."


class Separator(StrEnum):
    """Text between a block and the block before it in the document's text."""

    BLANK_LINE = "\n\n"
    NEWLINE = "\n"
    NONE = ""
    "The block continues a paragraph that is too long for one block."


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a document, such as a heading or a table row."""

    kind: BlockKind
    text: str
    level: int = 0
    "Level of a heading, 1 for the outermost; 0 for other blocks."
    page: int | None = None
    "Page number from 1; None for a format without pages."
    box: BoundingBox | None = None
    header: tuple[str, ...] = ()
    "Column names of a table row; empty for other blocks. `text` contains the names, too."
    separator: Separator = Separator.BLANK_LINE


@dataclass(frozen=True, slots=True)
class PageDone:
    """A marker between blocks: one more page has been read. Its blocks may come before or after the marker."""


def is_heading(block: Block) -> bool:
    return block.kind is BlockKind.HEADING
