"""What every format is read into: a stream of blocks, in reading order."""

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
    "Stands outside of the text's sections: comments, footnotes, page headers and footers."


class Glue(StrEnum):
    """What stands between a block and the one before it."""

    BLANK_LINE = "\n\n"
    NEWLINE = "\n"
    NOTHING = ""
    "The block goes on in the middle of a paragraph too long to be held whole."


@dataclass(frozen=True, slots=True)
class Block:
    kind: BlockKind
    text: str
    level: int = 0
    "Of a heading; 1 is the outermost. 0 for everything else."
    page: int | None = None
    box: BoundingBox | None = None
    header: tuple[str, ...] = ()
    "Of a table row: the names of its columns. They stand in the text already."
    glue: Glue = Glue.BLANK_LINE


def is_heading(block: Block) -> bool:
    return block.kind is BlockKind.HEADING


@dataclass(frozen=True, slots=True)
class PageDone:
    """Stands between blocks: another page has been looked at, though its blocks may come later."""
