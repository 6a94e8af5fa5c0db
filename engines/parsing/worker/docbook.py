"""XML that is written text (DocBook, DITA, JATS) as blocks: titles become headings, paragraphs paragraphs."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.cleaning import clean, one_line
from engines.parsing.worker.block import Block, BlockKind, Glue
from engines.parsing.worker.entities import LONGEST
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.tables import table_blocks
from engines.parsing.worker.trees import local_name

ROOTS = frozenset({
    "book", "article", "chapter", "part", "set", "refentry", "section", "sect1", "appendix", "preface", "glossary",
    "topic", "concept", "task", "reference", "dita", "TEI", "reference-manual",
})  # fmt: skip
_SECTIONS = ROOTS | {
    "sect2", "sect3", "sect4", "sect5", "refsection", "refsect1", "refsect2", "refsect3", "simplesect", "sec",
    "bibliography", "index", "colophon", "dedication",
}  # fmt: skip
_INFO = frozenset(
    {"info", "articleinfo", "bookinfo", "chapterinfo", "sectioninfo", "front", "article-meta", "title-group", "refmeta"}
)
_TITLES = frozenset({"title", "article-title", "refentrytitle"})
_TEXTS = frozenset({
    "para", "simpara", "p", "term", "subtitle", "refpurpose", "bridgehead", "abstract-p", "member", "bibliomixed",
    "author", "editor", "othercredit", "corpauthor", "contrib", "personname", "address",
})  # fmt: skip
_CODE = frozenset(
    {"programlisting", "screen", "literallayout", "synopsis", "codeblock", "preformat", "pre", "msgblock"}
)
_ITEMS = frozenset({"listitem", "li", "list-item", "callout", "step"})
_TABLES = frozenset({"table", "informaltable", "simpletable"})
_LISTS = frozenset({
    "itemizedlist", "orderedlist", "variablelist", "varlistentry", "simplelist", "procedure", "ul", "ol", "dl", "list",
})  # fmt: skip
_ASIDES = frozenset({"note", "tip", "warning", "caution", "important", "blockquote", "figure", "example", "formalpara"})
_MARKED = {"citation": ("[", "]"), "quote": ("“", "”"), "manvolnum": ("(", ")")}
_MARKED_IN = {("bibliomixed", "abbrev"): ("[", "] ")}
"""What stands around them in print and not in the file; some in one place alone."""
_FOOTNOTES = frozenset({"footnote", "fn"})
_SILENT = frozenset({"indexterm", "imagedata", "graphic", "remark"})
_PICTURES = frozenset({"mediaobject", "inlinemediaobject", "image", "graphic"})
_BLOCKS = _SECTIONS | _TEXTS | _CODE | _ITEMS | _TABLES | _LISTS | _ASIDES
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_HREF = "{http://www.w3.org/1999/xlink}href"
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
        self._titles = {_id_of(section): title for section, title in _titles(root) if _id_of(section)}
        "By the ids that references use."
        reading.tables = 0
        reading.pictures = sum(local_name(element) in _PICTURES for element in root.iter())

    def blocks(self) -> Iterator[Block]:
        self._reading.title = next((title for section, title in _titles(self._root) if section is self._root), None)
        yield from self._walk(self._root, 0, "")
        yield from (Block(BlockKind.NOTE, f"Footnote: {note}") for note in self._notes)

    def _walk(self, element: Any, level: int, marker: str) -> Iterator[Block]:
        name = local_name(element)
        if name in _SILENT or name in _FOOTNOTES:
            return
        if not name:
            yield from self._paragraph([element.text], marker)
            return
        if name in _TITLES and _section_of(element) is not None:
            yield Block(BlockKind.HEADING, one_line(self._text(element)), level=max(1, level))
        elif name in _CODE:
            yield Block(BlockKind.CODE, clean("".join(element.itertext())).strip("\n"))
        elif name in _TABLES:
            yield from self._table(element)
        elif name in _INFO:
            for child in sorted(element, key=lambda child: local_name(child) not in _TITLES):
                yield from self._walk(child, level, marker)
        else:
            deeper = level + 1 if name in _SECTIONS else level
            yield from self._run(element, deeper, "- " if name in _ITEMS else marker)

    def _run(self, element: Any, level: int, marker: str) -> Iterator[Block]:
        """Text and inline elements gather until an element comes that stands for itself."""
        gathers = local_name(element) in _TEXTS | _TITLES or _has_own_words(element)
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

    def _text(self, element: Any) -> str:
        return "".join(self._pieces(element))

    def _pieces(self, element: Any) -> Iterator[str]:
        """Footnotes are read behind everything else."""
        name = local_name(element)
        if name in _FOOTNOTES:
            self._notes.append(one_line("".join(element.itertext())))
        elif name not in _SILENT:
            before, behind = _MARKED.get(name) or _MARKED_IN.get((local_name(element.getparent()), name), ("", ""))
            yield before + (element.text or self._meant(element))
            for child in element:
                yield from self._pieces(child)
                yield child.tail or ""
            yield behind

    def _meant(self, reference: Any) -> str:
        """What stands for a reference without words: the title of what it leads to, or its address."""
        if len(reference):
            return ""
        address = reference.get("url") or reference.get(_HREF) or ""
        return self._titles.get(reference.get("linkend") or "", address)[:LONGEST]

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


def _titles(root: Any) -> Iterator[tuple[Any, str]]:
    """Of all sections, with them."""
    for element in root.iter():
        section = _section_of(element) if local_name(element) in _TITLES else None
        if section is not None:
            yield section, one_line("".join(element.itertext()))


def _id_of(section: Any) -> str:
    return str(section.get("id") or section.get(_XML_ID) or "")


def _section_of(title: Any) -> Any:
    """None for the title of a table, a list or a note."""
    parent = title.getparent()
    while parent is not None and local_name(parent) in _INFO:
        parent = parent.getparent()
    return parent if parent is not None and local_name(parent) in _SECTIONS else None


def _has_own_words(element: Any) -> bool:
    """Whether text stands in it beside its elements: then these are words of that text, whatever they are called."""
    return any(text and not text.isspace() for text in (element.text, *(child.tail for child in element)))
