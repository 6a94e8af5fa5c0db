"""XML that is written text (DocBook, DITA, JATS) as blocks: titles become headings, paragraphs paragraphs."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.block import Block, BlockKind, Glue
from engines.parsing.cleaning import clean, one_line
from engines.parsing.reading import Reading
from engines.parsing.tables import table_blocks
from engines.parsing.trees import local_name

ROOTS = frozenset({
    "book", "article", "chapter", "part", "set", "refentry", "section", "sect1", "appendix", "preface", "glossary",
    "topic", "concept", "task", "reference", "dita", "TEI", "reference-manual",
})  # fmt: skip
_SECTIONS = ROOTS | {
    "sect2", "sect3", "sect4", "sect5", "refsection", "refsect1", "refsect2", "refsect3", "simplesect", "sec",
    "bibliography", "index", "colophon", "dedication",
}  # fmt: skip
_INFO = frozenset(
    {"info", "articleinfo", "bookinfo", "chapterinfo", "sectioninfo", "front", "article-meta", "title-group"}
)
_TITLES = frozenset({"title", "article-title", "refentrytitle"})
_TEXTS = frozenset({"para", "simpara", "p", "term", "subtitle", "refpurpose", "bridgehead", "abstract-p"})
_CODE = frozenset(
    {"programlisting", "screen", "literallayout", "synopsis", "codeblock", "preformat", "pre", "msgblock"}
)
_ITEMS = frozenset({"listitem", "li", "list-item", "callout", "step"})
_TABLES = frozenset({"table", "informaltable", "simpletable"})
_LISTS = frozenset({
    "itemizedlist", "orderedlist", "variablelist", "varlistentry", "simplelist", "procedure", "ul", "ol", "dl", "list",
})  # fmt: skip
_ASIDES = frozenset({"note", "tip", "warning", "caution", "important", "blockquote", "figure", "example", "formalpara"})
_FOOTNOTES = frozenset({"footnote", "fn"})
_SILENT = frozenset({"indexterm", "imagedata", "graphic", "remark"})
_PICTURES = frozenset({"mediaobject", "inlinemediaobject", "image", "graphic"})
_BLOCKS = _SECTIONS | _TEXTS | _CODE | _ITEMS | _TABLES | _LISTS | _ASIDES
_ROWS = frozenset({"row", "tr", "strow", "sthead"})
_CELLS = frozenset({"entry", "td", "th", "stentry"})
_HEADS = frozenset({"thead", "sthead"})


class WrittenXml:
    """The tree must have been checked for its depth: it is walked recursively."""

    def __init__(self, root: Any, reading: Reading) -> None:
        self._root = root
        self._reading = reading
        self._notes: list[str] = []
        self._in_list = False
        reading.tables = 0
        reading.pictures = sum(local_name(element) in _PICTURES for element in root.iter())

    def blocks(self) -> Iterator[Block]:
        yield from self._walk(self._root, 0, "")
        yield from (Block(BlockKind.NOTE, f"Footnote: {note}") for note in self._notes)

    def _walk(self, element: Any, level: int, marker: str) -> Iterator[Block]:
        name = local_name(element)
        if name in _SILENT or name in _FOOTNOTES:
            return
        if not name:
            yield from self._paragraph([element.text], marker)
            return
        if name in _TITLES and self._names_section(element):
            yield Block(BlockKind.HEADING, one_line(self._text(element)), level=max(1, level))
        elif name in _CODE:
            yield Block(BlockKind.CODE, clean("".join(element.itertext())).strip("\n"))
        elif name in _TABLES:
            yield from self._table(element)
        else:
            deeper = level + 1 if name in _SECTIONS else level
            yield from self._run(element, deeper, "- " if name in _ITEMS else marker)

    def _run(self, element: Any, level: int, marker: str) -> Iterator[Block]:
        """Text and inline elements gather until an element comes that stands for itself."""
        gathers = local_name(element) in _TEXTS | _TITLES
        held = [element.text or ""]
        for child in element:
            name = local_name(child)
            if gathers and name not in _BLOCKS:
                held.append(self._text(child))
            else:
                yield from self._paragraph(held, marker)
                for block in self._walk(child, level, marker):
                    yield block
                    marker = "  " if marker else ""
                held = []
            held.append(child.tail or "")
        yield from self._paragraph(held, marker)

    def _paragraph(self, held: list[str], marker: str) -> Iterator[Block]:
        if text := one_line("".join(held)):
            kind = BlockKind.LIST_ITEM if marker else BlockKind.PARAGRAPH
            glue = Glue.NEWLINE if marker and self._in_list else Glue.BLANK_LINE
            self._in_list = bool(marker)
            yield Block(kind, f"{marker}{text}", glue=glue)

    def _names_section(self, title: Any) -> bool:
        parent = title.getparent()
        while parent is not None and local_name(parent) in _INFO:
            parent = parent.getparent()
        return parent is not None and local_name(parent) in _SECTIONS

    def _text(self, element: Any) -> str:
        return "".join(self._pieces(element))

    def _pieces(self, element: Any) -> Iterator[str]:
        """Footnotes are read behind everything else."""
        name = local_name(element)
        if name in _FOOTNOTES:
            self._notes.append(one_line("".join(element.itertext())))
        elif name not in _SILENT:
            yield element.text or ""
            for child in element:
                yield from self._pieces(child)
                yield child.tail or ""

    def _table(self, table: Any) -> Iterator[Block]:
        self._reading.tables = (self._reading.tables or 0) + 1
        header: list[str] = []
        rows = []
        for child in table:
            if local_name(child) in _TITLES | {"caption"}:
                yield from self._paragraph([self._text(child)], "")
        for row in (each for each in table.iter() if local_name(each) in _ROWS):
            cells = [one_line("".join(self._pieces(cell))) for cell in row if local_name(cell) in _CELLS]
            self._reading.count_cells(len(cells))
            is_head = bool({local_name(row), local_name(row.getparent())} & _HEADS)
            if is_head and not header:
                header = cells
            else:
                rows.append(cells)
        yield from table_blocks(header, rows)
