"""Conversion of an HTML tree to blocks. Hidden and collapsed elements that are still in the tree are converted, too."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.markup.html_listing import LISTINGS, listing_in_table, listing_text
from engines.parsing.worker.markup.html_tables import arranges_page, grid_blocks, grid_of, table_rows
from engines.parsing.worker.markup.html_tree import BLOCKS, NEVER_SHOWN, has_block, heading_level, tag
from engines.parsing.worker.markup.inline_text import LINE_BREAK, InlineText, collapse
from engines.parsing.worker.markup.link_targets import LinkTargets
from engines.parsing.worker.parse_context import ParseContext

_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_UNDIVIDED = frozenset({"svg", "math", "ruby", "select"})
_PARTS_OF_TABLES = frozenset({"tr", "thead", "tbody", "tfoot", "colgroup", "col"})
_BIG_BLOCKS = _LISTS | LISTINGS | {"table", "p", "dl", "blockquote"}
_MAX_LETTERED = 26


class HtmlBlocks:
    """Collects the blocks of a page or of a table cell."""

    def __init__(self, context: ParseContext, links: LinkTargets, level_shift: int = 0) -> None:
        self._context = context
        self._links = links
        self._level_shift = level_shift
        "Number that is added to the level of a heading in the page. The result is the level of its block."
        self._inline = InlineText(links)
        self._pending: list[str] = []
        self._marker = ""
        "List marker for the next paragraph, with which a list item begins; empty otherwise."
        self._term: list[str] = []
        self._separator = Separator.BLANK_LINE
        self._handlers: dict[str, Callable[[Any], None]] = {
            "table": self._table,
            "dl": self._definitions,
            **dict.fromkeys(_LISTS, self._list),
            **dict.fromkeys(LISTINGS, lambda element: self._add(BlockKind.CODE, listing_text(element))),
        }
        self.blocks: list[Block] = []

    def read(self, element: Any) -> list[Block]:
        """Return the blocks of an element's content. Call it once."""
        self._read_paragraphs(element)
        return self.blocks

    def _read_paragraphs(self, element: Any) -> None:
        self._end_paragraph()
        self._read_children(element)
        self._end_paragraph()

    def _read_children(self, element: Any) -> None:
        self._pending.append(element.text or "")
        for child in element:
            self._read_element(child)
            self._pending.append(child.tail or "")

    def _read_element(self, element: Any) -> None:
        name = tag(element)
        if name in NEVER_SHOWN:
            return
        if level := heading_level(element):
            self._heading(element, level)
        elif handler := self._handlers.get(name):
            self._end_paragraph()
            handler(element)
        elif name in BLOCKS:
            self._read_paragraphs(element)
        elif name not in _UNDIVIDED and has_block(element):
            self._read_children(element)
            self._add_targets([element] if name == "a" else [])
        else:
            self._pending.append(self._inline.of(element))

    def _end_paragraph(self) -> None:
        """Add the collected text as paragraphs, which end at two consecutive line breaks."""
        text, self._pending = "".join(self._pending), []
        lines = (one_line(line) for line in text.split(LINE_BREAK))
        paragraphs = [collapse(each) for each in LINE_BREAK.join(lines).split(2 * LINE_BREAK) if each.strip()]
        for number, paragraph in enumerate(paragraphs, 1):
            is_last = number == len(paragraphs)
            self._add(BlockKind.PARAGRAPH, self._inline.with_targets(paragraph) if is_last else paragraph)

    def _add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if not text.strip():
            return
        if self._marker and kind is BlockKind.PARAGRAPH:
            kind, text = BlockKind.LIST_ITEM, f"{self._marker} {text}"
        self._marker = ""
        self.blocks.append(Block(kind, text, level=level, separator=self._separator))
        self._separator = Separator.BLANK_LINE

    def _add_targets(self, links: list[Any]) -> None:
        """Add the targets of links as a paragraph of their own. Use it for links around blocks and in headings."""
        texts = ((link, one_line("".join(link.itertext()))) for link in links)
        targets = (self._links.shown_target(link, text) for link, text in texts if text)
        if shown := " ".join(f"({target})" for target in targets if target):
            self._end_paragraph()
            self._add(BlockKind.PARAGRAPH, shown)

    def _heading(self, element: Any, level: int) -> None:
        """Add a heading. A heading element that contains paragraphs, lists or tables is read as if it were none."""
        self._end_paragraph()
        if any(tag(each) in _BIG_BLOCKS for each in element.iterdescendants()):
            self._read_paragraphs(element)
            return
        words = InlineText(None).of_children(element)
        self._separator = Separator.BLANK_LINE
        self._add(BlockKind.HEADING, one_line(words), max(1, level + self._level_shift))
        self._add_targets(list(element.iter("a")))

    def _list(self, element: Any) -> None:
        """Add the items of a list. The first paragraph of an item has the list marker; further ones are plain paragraphs."""
        is_nested = any(tag(parent) in _LISTS for parent in element.iterancestors())
        self._separator = Separator.NEWLINE if is_nested and self.blocks else Separator.BLANK_LINE
        step = -1 if element.get("reversed") is not None else 1
        number = _integer(element.get("start"), len(element.findall("li")) if step < 0 else 1)
        self._pending.append(element.text or "")
        for child in element:
            self._end_paragraph()
            if tag(child) == "li":
                number = _integer(child.get("value"), number)
                self._marker = _marker(element, number)
                self._read_paragraphs(child)
                self._marker = ""
                self._separator = Separator.NEWLINE
                number += step
            else:
                self._read_element(child)
            self._pending.append(child.tail or "")
        self._end_paragraph()
        if not is_nested:
            self._separator = Separator.BLANK_LINE

    def _definitions(self, element: Any) -> None:
        """Add a list of definitions. A term and its definition share a line, such as `Owner: Ida Holm`."""
        self._pending.append(element.text or "")
        for child in element:
            self._end_paragraph()
            if tag(child) == "dt" and not has_block(child):
                self._term.append(self._line(child))
            elif tag(child) in ("dt", "dd"):
                if self._term:
                    self._pending.append(f"{', '.join(self._term).rstrip(':')}: ")
                    self._term = []
                self._read_children(child)
            elif tag(child) in ("div", "dl"):
                self._definitions(child)
            else:
                self._read_element(child)
            self._pending.append(child.tail or "")
        self._end_paragraph()
        if self._term and tag(element) == "dl":
            self._add(BlockKind.PARAGRAPH, ", ".join(self._term))
            self._term = []

    def _line(self, element: Any) -> str:
        words = one_line(self._inline.of_children(element).replace(LINE_BREAK, " "))
        return self._inline.with_targets(words, " ")

    def _table(self, element: Any) -> None:
        rows = table_rows(element)
        self._read_around_rows(element)
        if (listing := listing_in_table(rows)) is not None:
            self._add(BlockKind.CODE, listing)
        elif arranges_page(element, rows):
            for cell in (cell for row in rows for cell in row):
                self._read_paragraphs(cell)
        else:
            self._data_table(element, rows)

    def _read_around_rows(self, element: Any) -> None:
        """Add the caption of a table, and text that is, against the standard, in the table but outside of its rows."""
        self._pending.append(element.text or "")
        for child in element:
            if tag(child) not in _PARTS_OF_TABLES:
                self._read_children(child)
            self._pending.append(child.tail or "")
        self._end_paragraph()

    def _data_table(self, element: Any, rows: list[Any]) -> None:
        self._context.tables = (self._context.tables or 0) + 1
        head = element.find("thead")
        grid = grid_of(rows, self._context.count_cells)
        for block in grid_blocks(grid, len(head.findall("tr")) if head is not None else 0, self._cell_text):
            marker, self._marker = self._marker, ""
            self.blocks.append(replace(block, text=f"{marker} {block.text}") if marker else block)
        self._separator = Separator.BLANK_LINE

    def _cell_text(self, cell: Any) -> str:
        if not has_block(cell):
            return self._line(cell)
        inside = HtmlBlocks(self._context, self._links, self._level_shift).read(cell)
        is_list = sum(block.kind is not BlockKind.PARAGRAPH for block in inside) > 1
        return ("; " if is_list else " ").join(one_line(block.text.removeprefix("- ")) for block in inside)


def _integer(text: str | None, default: int) -> int:
    """Return the integer that an attribute states; return the default if the attribute is missing or invalid."""
    text = (text or "").strip()
    return (
        int(text)
        if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() and len(text) < 9
        else default
    )


def _marker(element: Any, number: int) -> str:
    """Return the list marker of an item of the list `element`: a number or letter in an ordered list, else a hyphen."""
    if tag(element) != "ol":
        return "-"
    style = element.get("type") or "1"
    if style in ("a", "A") and 1 <= number <= _MAX_LETTERED:
        return f"{chr(ord(style) + number - 1)}."
    return f"{number}."
