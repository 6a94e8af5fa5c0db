"""The shapes of a slide as blocks: text, groups, tables, charts, diagrams and pictures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.cell_tables import TableCell, cell_table_blocks
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.drawings import graphic_blocks, outside_text_boxes
from engines.parsing.worker.office.equations import equation_text
from engines.parsing.worker.office.package import OfficePackage, Relation, attribute, child
from engines.parsing.worker.office.symbols import is_symbol_font, symbol
from engines.parsing.worker.office.word_styles import formatted_number
from engines.parsing.worker.parse_context import ParseContext

_TITLES = ("title", "ctrTitle")
_LISTS = ("body", "obj")
_FOOTERS = ("ftr", "dt", "hdr", "sldNum")
_SPACES = re.compile(r"[^\S\n]+")
_AUTOMATIC = {"alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman", "romanUc": "upperRoman"}
_FILE_NAME = re.compile(r"\S+\.(png|jpe?g|gif|bmp|emf|wmf|tiff?|svg)", re.I)
_LINKS = ("http://", "https://", "ftp://", "mailto:", "tel:")


@dataclass(slots=True)
class SlideText:
    """The text of a slide: its title, the blocks of its other shapes, and its footers."""

    title: str = ""
    blocks: list[Block] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)


class SlideReader:
    """Converts the shapes of one slide, or of its notes page, to text. Use it once."""

    def __init__(
        self, package: OfficePackage, relations: dict[str, Relation], context: ParseContext, page: int
    ) -> None:
        self._package = package
        self._relations = relations
        self._context = context
        self._page = page
        self.text = SlideText()

    def read(self, tree: Any) -> SlideText:
        """Return the text of the shapes in a tree (`spTree`), in the order of the file."""
        self._shapes(tree)
        return self.text

    def _shapes(self, group: Any) -> None:
        for shape in group:
            name = local_name(shape)
            if name == "grpSp":
                self._description(shape)
                self._shapes(shape)
            elif name == "sp":
                self._shape(shape)
            elif name == "graphicFrame":
                self._description(shape)
                self._frame(shape)
            elif name == "pic":
                self._context.pictures = (self._context.pictures or 0) + 1
                self._description(shape)
            elif name == "contentPart":
                self._context.warn_once("Handwriting on slides was not read.")
            elif name == "AlternateContent":
                self._choices(shape)

    def _choices(self, element: Any) -> None:
        """Read the first of several alternative versions of a content that adds blocks or pictures."""
        before = len(self.text.blocks), self._context.pictures
        for version in element:
            self._shapes(version)
            if (len(self.text.blocks), self._context.pictures) != before:
                return

    def _description(self, shape: Any) -> None:
        """Add the alternative text of a picture, chart, table or group."""
        described = next((each for part in shape for each in part if local_name(each) == "cNvPr"), None)
        text = one_line(described.get("descr") or "") if described is not None else ""
        if text and not _FILE_NAME.fullmatch(text):
            self._add(Block(BlockKind.PARAGRAPH, f"[Image: {text}]"))

    def _add(self, block: Block) -> None:
        self.text.blocks.append(replace(block, page=self._page))

    def _shape(self, shape: Any) -> None:
        body, placeholder = child(shape, "txBody"), child(shape, "nvSpPr", "nvPr", "ph")
        kind = (attribute(placeholder, "type") or "obj") if placeholder is not None else ""
        if body is None:
            return
        if kind in _TITLES and not self.text.title:
            self.text.title = one_line(" ".join(text for _, text in self._paragraphs(body, is_list=False)))
        elif kind in _FOOTERS:
            if kind != "sldNum":
                self.text.footers += [one_line(text) for _, text in self._paragraphs(body, is_list=False)]
        else:
            self._body(body, kind in _LISTS)

    def _body(self, body: Any, is_list: bool) -> None:
        separator = Separator.BLANK_LINE
        for marker, text in self._paragraphs(body, is_list):
            if marker:
                self._add(Block(BlockKind.LIST_ITEM, f"{marker} {one_line(text)}", separator=separator))
                separator = Separator.NEWLINE
            else:
                self._add(Block(BlockKind.PARAGRAPH, text))
                separator = Separator.BLANK_LINE

    def _paragraphs(self, body: Any, is_list: bool) -> Iterator[tuple[str, str]]:
        """Yield the list marker and the text of each paragraph that has text. The marker is empty outside of lists."""
        counters: dict[int, int] = {}
        for paragraph in (each for each in body if local_name(each) == "p"):
            text = clean_text(self._paragraph_text(paragraph))
            text = "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n")).strip()
            if text:
                yield _marker(child(paragraph, "pPr"), is_list, counters), text

    def _paragraph_text(self, paragraph: Any) -> str:
        parts = list[str]()
        for each in paragraph:
            name = local_name(each)
            if name in ("r", "fld"):
                parts.append(self._run_text(each))
            elif name == "br":
                parts.append("\n")
            elif name == "AlternateContent" or name == "m":
                equations = (part for part in each.iter() if local_name(part) == "oMath")
                parts += [equation_text(equation, self._context) for equation in equations]
        return "".join(parts)

    def _run_text(self, run: Any) -> str:
        stored = child(run, "t")
        text = (stored.text or "") if stored is not None else ""
        properties = child(run, "rPr")
        font = child(properties, "sym")
        if font is None:
            font = child(properties, "latin")
        name = attribute(font, "typeface") if font is not None else ""
        if is_symbol_font(name):
            text = "".join(symbol(name, ord(character)) or character for character in text)
        link = child(properties, "hlinkClick")
        relation = self._relations.get(attribute(link, "id")) if link is not None else None
        if relation and relation.is_external and text.strip() and relation.target.lower().startswith(_LINKS):
            address = re.sub(r"^(mailto|tel):", "", relation.target, flags=re.I)
            if re.sub(r"^https?://", "", address).strip("/") not in text:
                text += f" ({address})"
        return text

    def _frame(self, frame: Any) -> None:
        for each in outside_text_boxes(frame):
            if local_name(each) == "tbl":
                self._table(each)
            elif local_name(each) == "oleObj":
                name = each.get("progId") or each.get("name") or "unknown program"
                self._context.warn_once(f"An embedded object was not read: {name}.")
            else:
                for block in graphic_blocks(each, self._package, self._relations, self._context):
                    self._add(block)

    def _table(self, element: Any) -> None:
        self._context.tables = (self._context.tables or 0) + 1
        properties = child(element, "tblPr")
        rows = [
            [self._cell(cell) for cell in row if local_name(cell) == "tc" and not _is_covered(cell)]
            for row in element if local_name(row) == "tr"
        ]  # fmt: skip
        has_header = properties is not None and properties.get("firstRow") in ("1", "true") and len(rows) > 1
        for block in cell_table_blocks(rows, int(has_header), self._context):
            self._add(block)

    def _cell(self, cell: Any) -> TableCell:
        body = child(cell, "txBody")
        texts = [text for _, text in self._paragraphs(body, is_list=False)] if body is not None else []
        runs = [each for each in cell.iter() if local_name(each) == "r"]
        is_bold = bool(runs) and all(
            (child(run, "rPr") is not None and child(run, "rPr").get("b") == "1") for run in runs
        )
        return TableCell(" ".join(texts), _span(cell, "gridSpan"), _span(cell, "rowSpan"), is_bold)


def _is_covered(cell: Any) -> bool:
    """Return True for a cell that was merged into a cell on its left or above it."""
    return any(cell.get(name) in ("1", "true") for name in ("hMerge", "vMerge"))


def _span(cell: Any, name: str) -> int:
    stated = cell.get(name) or "1"
    return max(1, int(stated)) if stated.isdigit() and len(stated) < 5 else 1


def _marker(properties: Any, is_list: bool, counters: dict[int, int]) -> str:
    """Return the list marker of a paragraph; empty for a paragraph without one.

    `is_list` is True if paragraphs have bullets by default. `counters` contains the last number of each level and is
    updated.
    """
    level = int(attribute(properties, "lvl") or 0) if properties is not None else 0
    numbered = child(properties, "buAutoNum")
    if numbered is not None:
        start = attribute(numbered, "startAt")
        counters[level] = counters.get(level, int(start or 1) - 1) + 1
        kind = attribute(numbered, "type")
        style = next((known for prefix, known in _AUTOMATIC.items() if kind.startswith(prefix)), "decimal")
        return formatted_number(counters[level], style) + (")" if kind.endswith("ParenR") else ".")
    counters.pop(level, None)
    if child(properties, "buNone") is not None:
        return ""
    has_bullet = child(properties, "buChar") is not None or child(properties, "buBlip") is not None
    return "-" if is_list or has_bullet else ""
