"""Conversion of OpenDocument content to blocks: paragraphs, lists, tables, drawings, notes and page headers."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import attribute, child
from engines.parsing.worker.open_document.odf_file import OdfFile
from engines.parsing.worker.open_document.odf_forms import form_values
from engines.parsing.worker.open_document.odf_styles import ListLevel, OdfStyles
from engines.parsing.worker.open_document.odf_tables import table_blocks
from engines.parsing.worker.open_document.odf_text import OdfNote, OdfText
from engines.parsing.worker.parse_context import ParseContext

_CONTAINERS = frozenset({
    "section", "index-body", "index-title", "table-of-content", "alphabetical-index", "illustration-index", "table-index",
    "object-index", "user-index", "bibliography", "list-header", "g", "text-box", "a",
})  # fmt: skip
_CODE = re.compile(r"\b(preformatted text|source text|source code|listing|code)\b")
_SPACES = re.compile(r"[^\S\n]+")
_HEADERS = {
    "header": "Page header", "header-left": "Even page header", "header-first": "First page header",
    "footer": "Page footer", "footer-left": "Even page footer", "footer-first": "First page footer",
}  # fmt: skip


@dataclass(slots=True)
class OdfDocument:
    """A document: its file, its styles, and the state that is shared while its parts are read."""

    file: OdfFile
    context: ParseContext
    styles: OdfStyles = field(default_factory=OdfStyles)
    notes: list[tuple[str, str]] = field(default_factory=list)
    "Labels and texts of page headers and footers, footnotes, endnotes and comments, which follow the body."
    forms: dict[str, str] = field(default_factory=dict)
    "Values of form controls by their ids."
    hidden_words: int = 0
    deletions: int = 0
    has_title: bool = False
    headings: list[int] = field(default_factory=list)
    "Number of the last heading at each level, the outermost first."

    def add_master(self, master: Any) -> None:
        """Store the headers and footers of a master page as notes."""
        for each in master:
            label = _HEADERS.get(local_name(each))
            if label and attribute(each, "display") != "false":
                blocks = OdfBlocks(self).read(each)
                lines = list(filter(None, (one_line(block.text) for block in blocks)))
                if lines and (label, "\n".join(lines)) not in self.notes:
                    self.notes.append((label, "\n".join(lines)))

    def note_blocks(self) -> Iterator[Block]:
        """Yield the stored notes, which are the text outside of the body. Call it after reading the body."""
        for label, text in self.notes:
            yield Block(BlockKind.NOTE, f"{label}: {text}")

    def warn(self) -> None:
        """Add warnings about deletions, which were left out, and about hidden words, which were read."""
        self.context.warn_of_revision(self.deletions, self.hidden_words)


class OdfBlocks:
    """Converts the elements of a body, a cell, a text box or a note to blocks."""

    def __init__(self, document: OdfDocument) -> None:
        self._document = document
        self._text = OdfText(document.styles)
        self._before: BlockKind | None = None

    def read(self, elements: Iterable[Any]) -> Iterator[Block]:
        """Yield the blocks of the elements, in order."""
        for element in elements:
            name = local_name(element)
            if name in ("p", "h"):
                yield from self._paragraph(element, "")
            elif name == "list":
                yield from self._list(element, "", 0, [])
            elif name == "numbered-paragraph":
                yield from self._numbered(element)
            elif name == "table":
                self._before = None
                yield from table_blocks(element, self._inside, self._document.styles, self._document.context)
            elif name == "forms":
                self._document.forms |= form_values(element)
            elif name == "tracked-changes":
                self._document.deletions += sum(local_name(each) == "deletion" for each in element.iter())
            elif name in _CONTAINERS:
                yield from self.read(element)
            else:
                yield from self._drawing(element)

    def _inside(self, element: Any) -> Iterator[Block]:
        return OdfBlocks(self._document).read(element)

    def _paragraph(self, element: Any, marker: str) -> Iterator[Block]:
        paragraph = self._text.read(element)
        self._document.hidden_words += paragraph.hidden_words
        block = self._text_block(element, clean_text(paragraph.text), marker)
        if block:
            self._before = block.kind
            yield block
        for drawing in paragraph.drawings:
            yield from self._drawing(drawing)
        self._document.notes += (each for note in paragraph.notes if (each := self._note(note))[1])

    def _note(self, note: OdfNote) -> tuple[str, str]:
        blocks = OdfBlocks(self._document).read(
            each for each in note.element if local_name(each) in ("p", "h", "list", "table")
        )
        return note.label, "\n".join(one_line(block.text) for block in blocks)

    def _text_block(self, element: Any, text: str, marker: str) -> Block | None:
        if not text.strip():
            return None
        names = self._document.styles.names(attribute(element, "style-name"))
        if "title" in names and not marker:
            self._document.has_title = True
            return Block(BlockKind.HEADING, one_line(text), level=1)
        if local_name(element) == "h":
            return self._heading(element, one_line(text))
        if marker:
            separator = Separator.NEWLINE if self._before is BlockKind.LIST_ITEM else Separator.BLANK_LINE
            return Block(BlockKind.LIST_ITEM, f"{marker} {one_line(text)}", separator=separator)
        if any(map(_CODE.search, names)):
            separator = Separator.NEWLINE if self._before is BlockKind.CODE else Separator.BLANK_LINE
            return Block(BlockKind.CODE, text.strip("\n").rstrip(), separator=separator)
        return Block(
            BlockKind.PARAGRAPH, "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n")).strip()
        )

    def _heading(self, element: Any, text: str) -> Block:
        stated = attribute(element, "outline-level")
        level = int(stated) if stated.isdigit() and 0 < int(stated) < 11 else 1
        document = self._document
        document.headings = (document.headings + [0] * level)[:level]
        document.headings[-1] += 1
        outline = document.styles.lists.get("Outline") or document.styles.lists.get("") or []
        shown = outline[level - 1] if level <= len(outline) else ListLevel()
        marker = shown.marker(document.headings, [each.format for each in outline[:level]]) if shown.format else ""
        return Block(BlockKind.HEADING, f"{marker} {text}".strip(), level=level + document.has_title)

    def _numbered(self, element: Any) -> Iterator[Block]:
        for each in element:
            if local_name(each) in ("p", "h"):
                number = child(element, "number")
                yield from self._paragraph(each, (number.text or "-") if number is not None else "-")

    def _list(self, element: Any, style: str, depth: int, numbers: list[int]) -> Iterator[Block]:
        """Yield the items of a list. The first paragraph of an item has the list marker; headings remain headings.

        `style` is the list style of the outer list, `depth` the number of outer lists, and `numbers` contains the current
        number of each outer list.
        """
        style = attribute(element, "style-name") or style
        numbers = [*numbers, self._document.styles.level(style, depth).start - 1]
        for item in element:
            if local_name(item) not in ("list-item", "list-header"):
                continue
            start = attribute(item, "start-value")
            numbers[-1] = int(start) if start.isdigit() else numbers[-1] + 1
            marker = self._marker(style, depth, numbers) if local_name(item) == "list-item" else ""
            for each in item:
                if local_name(each) == "list":
                    yield from self._list(each, style, depth + 1, numbers)
                elif local_name(each) in ("p", "h"):
                    yield from self._paragraph(each, marker)
                    marker = ""
                else:
                    yield from self.read([each])

    def _marker(self, style: str, depth: int, numbers: list[int]) -> str:
        levels = [self._document.styles.level(style, each) for each in range(depth + 1)]
        return levels[-1].marker(numbers, [each.format for each in levels])

    def _drawing(self, element: Any) -> Iterator[Block]:
        """Yield the blocks of a frame or shape: its alternative text, text boxes, tables, charts and form controls."""
        self._before = None
        context = self._document.context
        description = " ".join(
            one_line("".join(each.itertext())) for each in element if local_name(each) in ("title", "desc")
        )
        if description.strip():
            yield Block(BlockKind.PARAGRAPH, f"[Image: {one_line(description)}]")
        if local_name(element) == "control":
            value = self._document.forms.get(attribute(element, "control"), "")
            yield from [Block(BlockKind.PARAGRAPH, value)] if value else []
        has_object = child(element, "object") is not None or child(element, "object-ole") is not None
        for each in element:
            name = local_name(each)
            if name == "image":
                context.pictures = (context.pictures or 0) + (not has_object)
            elif name == "object":
                yield from self._object(attribute(each, "href"), each)
            elif name in ("object-ole", "plugin", "applet"):
                context.warn_once("Embedded objects, sounds or films were not read.")
            elif (
                name in ("p", "h", "list", "table", "text-box", "frame", "g", "custom-shape", "control")
                or name in _CONTAINERS
            ):
                yield from self.read([each])

    def _object(self, target: str, element: Any) -> Iterator[Block]:
        """Yield the values of a chart, the text of a formula, or the text of another embedded document.

        `target` is the part with the object; it is empty if `element` contains the object. Add a warning if the object
        cannot be read.
        """
        name = posixpath.join(target.removeprefix("./"), "content.xml")
        root = self._document.file.tree(name) if target else element
        if root is None:
            self._document.context.warn_once(f"An embedded object was not read: {target or 'unnamed'}.")
            return
        chart = next((each for each in root.iter() if local_name(each) == "chart" and len(each)), None)
        formula = next((each for each in root.iter() if local_name(each) == "math"), None)
        if chart is not None:
            title = child(chart, "title")
            if title is not None and (text := one_line(" ".join(title.itertext()))):
                yield Block(BlockKind.PARAGRAPH, f"Chart: {text}")
            for table in (each for each in chart if local_name(each) == "table"):
                yield from table_blocks(table, self._inside, self._document.styles, self._document.context)
        elif formula is not None:
            notes = [each.text for each in formula.iter() if local_name(each) == "annotation" and each.text]
            yield Block(BlockKind.PARAGRAPH, one_line(notes[0] if notes else " ".join(formula.itertext())))
        else:
            yield from self._embedded(root, target)

    def _embedded(self, root: Any, target: str) -> Iterator[Block]:
        body = next(
            (
                each
                for each in root.iter()
                if local_name(each) in ("text", "spreadsheet", "presentation")
                and local_name(each.getparent()) == "body"
            ),
            None,
        )
        blocks = list(OdfBlocks(self._document).read(body)) if body is not None else []
        if not blocks:
            self._document.context.warn_once(f"An embedded object was not read: {target or 'unnamed'}.")
        yield from blocks


def on_page(blocks: Iterable[Block], page: int) -> Iterator[Block]:
    """Yield the blocks with their page number set to `page`."""
    return (replace(block, page=page) for block in blocks)
