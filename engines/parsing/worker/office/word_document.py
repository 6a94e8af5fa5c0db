"""Conversion of the body of a Word document to blocks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.drawings import graphic_blocks, outside_text_boxes
from engines.parsing.worker.office.package import OfficePackage, Relation, attribute, child, open_package, value
from engines.parsing.worker.office.word_chunks import chunk_blocks
from engines.parsing.worker.office.word_styles import Numbering, ParagraphStyle, Styles, paragraph_numbering
from engines.parsing.worker.office.word_tables import WordTable
from engines.parsing.worker.office.word_text import Paragraph, WordCounts, WordText
from engines.parsing.worker.parse_context import ParseContext

_WRAPPERS = frozenset({"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "AlternateContent", "Choice"})
_CODE = re.compile(r"[{}();=<>\[\]#$|\\]|^\s|:$")
"""Characters that distinguish program code from prose in a monospaced font."""
_SPACES = re.compile(r"[^\S\n]+")
_BODY_DEPTH = 2
_MAX_LEVEL = 9
_MAX_INCLUDED = 3


@dataclass(slots=True)
class WordFile:
    """A Word document: its package, styles, lists, and the counts that all of its parts share."""

    package: OfficePackage
    context: ParseContext
    styles: Styles
    numbering: Numbering
    counts: WordCounts = field(default_factory=WordCounts)
    headers: dict[str, str] = field(default_factory=dict)
    "Labels, such as `First page header`, of the headers and footers of all sections. The keys are the names of their parts."
    has_title: bool = False
    depth: int = 0
    "Number of documents that this one is nested in, as an included document."

    @classmethod
    def of(cls, package: OfficePackage, context: ParseContext) -> "WordFile":
        """Create the object for a package, and load the styles and lists of the document."""
        parts = {relation.kind: relation.target for relation in package.relations(package.main).values()}
        styles, numbering = parts.get("styles"), parts.get("numbering")
        return cls(package, context, Styles(package, styles), Numbering(package, numbering))

    def body_blocks(self) -> Iterator[Block]:
        """Yield the blocks of the body, and update the progress."""
        reader = WordBlocks(self, self.package.main)
        for element, fraction in self.package.streamed_children(self.package.main, _BODY_DEPTH):
            self.context.fraction = fraction
            yield from reader.read([element])

    def included_blocks(self, content: bytes) -> Iterator[Block]:
        """Yield the blocks of a Word document that this one includes. Raises `DocumentUnreadable`."""
        if self.depth >= _MAX_INCLUDED:
            self.context.warn_once("Included documents are nested too deeply. Some were not read.")
            return
        with NamedTemporaryFile() as copy:
            copy.write(content)
            copy.flush()
            with open_package(Path(copy.name), self.context.limits) as package:
                included = WordFile.of(package, self.context)
                included.counts, included.depth, included.has_title = self.counts, self.depth + 1, self.has_title
                yield from included.body_blocks()


class WordBlocks:
    """Converts the paragraphs and tables of one part, or of a cell or text box in it, to blocks."""

    def __init__(self, file: WordFile, part: str, relations: dict[str, Relation] | None = None) -> None:
        self._file = file
        self._part = part
        self._relations = file.package.relations(part) if relations is None else relations
        self._text = WordText(file.styles, self._relations, file.counts, file.context)
        self._before: BlockKind | None = None

    def read(self, elements: Iterable[Any]) -> Iterator[Block]:
        """Yield the blocks of the elements: paragraphs, tables, equations, included documents, and elements around those."""
        for element in elements:
            name = local_name(element)
            if name == "p":
                yield from self._paragraph(element)
            elif name == "tbl":
                yield from self._table(element)
            elif name == "altChunk":
                yield from self._chunk(element)
            elif name in ("oMathPara", "oMath"):
                yield from self._paragraph_blocks(self._text.read([element], ParagraphStyle()), ParagraphStyle(), None)
            elif name == "sectPr":
                self._section(element)
            elif name in _WRAPPERS:
                yield from self.read(element)
                if name == "Choice":
                    break

    def _paragraph(self, element: Any) -> Iterator[Block]:
        properties = child(element, "pPr")
        style_id = value(properties, "pStyle")
        style = self._file.styles.paragraph(style_id)
        stated = value(properties, "outlineLvl")
        if stated.isdigit():
            style = replace(style, outline_level=int(stated) + 1 if int(stated) < _MAX_LEVEL else None)
        numbering = paragraph_numbering(properties, style)
        marker = None
        paragraph = self._text.read(element, style)
        if numbering and (paragraph.text.strip() or paragraph.drawings):
            marker = self._file.numbering.marker(*numbering, style=style_id)
        yield from self._paragraph_blocks(paragraph, style, marker)
        if (section := child(properties, "sectPr")) is not None:
            self._section(section)

    def _paragraph_blocks(self, paragraph: Paragraph, style: ParagraphStyle, marker: str | None) -> Iterator[Block]:
        if paragraph.is_monospaced and (self._before is BlockKind.CODE or _CODE.search(paragraph.text)):
            style = replace(style, is_code=True)
        block = self._text_block(paragraph.text, style, marker)
        if block:
            self._before = block.kind
            yield block
        for drawing in paragraph.drawings:
            yield from self._drawing(drawing)

    def _text_block(self, text: str, style: ParagraphStyle, marker: str | None) -> Block | None:
        text = clean_text(text)
        if not text.strip():
            return None
        if style.is_title or style.outline_level:
            words = f"{marker} {one_line(text)}" if marker and marker != "-" else one_line(text)
            self._file.has_title |= style.is_title
            level = 1 if style.is_title else (style.outline_level or 1) + self._file.has_title
            return Block(BlockKind.HEADING, words, level=level)
        if marker:
            separator = Separator.NEWLINE if self._before is BlockKind.LIST_ITEM else Separator.BLANK_LINE
            return Block(BlockKind.LIST_ITEM, f"{marker} {one_line(text)}", separator=separator)
        if style.is_code:
            separator = Separator.NEWLINE if self._before is BlockKind.CODE else Separator.BLANK_LINE
            return Block(BlockKind.CODE, text.strip("\n").rstrip(), separator=separator)
        lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
        return Block(BlockKind.PARAGRAPH, "\n".join(lines).strip())

    def _drawing(self, element: Any) -> Iterator[Block]:
        """Yield the blocks of the text boxes, charts and diagrams of a drawing."""
        for each in outside_text_boxes(element):
            if local_name(each) == "txbxContent":
                self._before = None
                yield from self.inside(each)
            else:
                yield from graphic_blocks(each, self._file.package, self._relations, self._file.context)
        self._before = None

    def inside(self, element: Any) -> Iterator[Block]:
        """Yield the blocks of a text box or a cell."""
        return WordBlocks(self._file, self._part, self._relations).read(element)

    def _table(self, element: Any) -> Iterator[Block]:
        self._before = None
        context = self._file.context
        context.tables = (context.tables or 0) + 1
        yield from WordTable(element, self._file.styles, self.inside).blocks(context)

    def _chunk(self, element: Any) -> Iterator[Block]:
        self._before = None
        relation = self._relations.get(attribute(element, "id"))
        if relation:
            yield from chunk_blocks(self._file.package, relation, self._file.context, self._file.included_blocks)

    def _section(self, element: Any) -> None:
        """Record the headers and footers that a section uses, in the order of the section."""
        labels = {"default": "Page", "first": "First page", "even": "Even page"}
        for each in element:
            kind = {"headerReference": "header", "footerReference": "footer"}.get(local_name(each))
            relation = self._relations.get(attribute(each, "id"))
            if kind and relation:
                label = labels.get(attribute(each, "type"), "Page")
                self._file.headers.setdefault(relation.target, f"{label} {kind}")
