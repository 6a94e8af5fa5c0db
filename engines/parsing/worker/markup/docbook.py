"""Conversion of DocBook, DITA, JATS and TEI documents to blocks."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.table_rows import table_blocks
from engines.parsing.worker.markup.xml_entities import MAX_ENTITY_LENGTH
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.parse_context import ParseContext

ROOTS = frozenset({
    "book", "article", "chapter", "part", "set", "refentry", "section", "sect1", "appendix", "preface", "glossary",
    "topic", "concept", "task", "reference", "dita", "TEI", "reference-manual",
})  # fmt: skip
"""Root elements of documents that this module converts."""
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
_PRINTED_AROUND = {"citation": ("[", "]"), "quote": ("“", "”"), "manvolnum": ("(", ")")}
_PRINTED_AROUND_IN = {("bibliomixed", "abbrev"): ("[", "] ")}
"""Characters that are printed around an element but not written in the file, by the names of its parent and itself."""
_FOOTNOTES = frozenset({"footnote", "fn"})
_SKIPPED = frozenset({"indexterm", "imagedata", "graphic", "remark"})
_IMAGES = frozenset({"mediaobject", "inlinemediaobject", "image", "graphic"})
_BLOCKS = _SECTIONS | _TEXTS | _CODE | _ITEMS | _TABLES | _LISTS | _ASIDES
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_HREF = "{http://www.w3.org/1999/xlink}href"
_ROWS = frozenset({"row", "tr", "strow", "sthead"})
_CELLS = frozenset({"entry", "td", "th", "stentry"})
_HEADS = frozenset({"thead", "sthead"})


class DocBookConverter:
    """Converts the tree of one document. Check its depth first (`check_depth`): the tree is walked recursively."""

    def __init__(self, root: Any, context: ParseContext) -> None:
        self._root = root
        self._context = context
        self._notes: list[str] = []
        self._in_list = False
        self._titles = {_id_of(section): title for section, title in _titles(root) if _id_of(section)}
        "Titles of the sections, by the ids that references use."
        context.tables = 0
        context.pictures = sum(local_name(element) in _IMAGES for element in root.iter())

    def blocks(self) -> Iterator[Block]:
        """Set the title in the context, and yield the blocks of the document, footnotes last."""
        self._context.title = next((title for section, title in _titles(self._root) if section is self._root), None)
        yield from self._walk(self._root, 0, "")
        yield from (Block(BlockKind.NOTE, f"Footnote: {note}") for note in self._notes)

    def _walk(self, element: Any, level: int, marker: str) -> Iterator[Block]:
        name = local_name(element)
        if name in _SKIPPED or name in _FOOTNOTES:
            return
        if not name:
            yield from self._paragraph([element.text], marker)
            return
        if name in _TITLES and _section_of(element) is not None:
            yield Block(BlockKind.HEADING, one_line(self._text(element)), level=max(1, level))
        elif name in _CODE:
            yield Block(BlockKind.CODE, clean_text("".join(element.itertext())).strip("\n"))
        elif name in _TABLES:
            yield from self._table(element)
        elif name in _INFO:
            for child in sorted(element, key=lambda child: local_name(child) not in _TITLES):
                yield from self._walk(child, level, marker)
        else:
            deeper = level + 1 if name in _SECTIONS else level
            yield from self._mixed_content(element, deeper, "- " if name in _ITEMS else marker)

    def _mixed_content(self, element: Any, level: int, marker: str) -> Iterator[Block]:
        """Yield the blocks of an element with text and child elements.

        Text and inline elements are joined to a paragraph, which ends at each block element. `marker` is the list marker of
        the first paragraph; empty outside of lists.
        """
        has_text = local_name(element) in _TEXTS | _TITLES or _has_own_text(element)
        texts = [element.text or ""]
        for child in element:
            name = local_name(child)
            if has_text and name not in _BLOCKS:
                texts.append(self._text(child))
            else:
                yield from self._paragraph(texts, marker)
                for block in self._walk(child, level, marker):
                    yield block
                    marker = "  " if marker else ""
                texts = []
            texts.append(child.tail or "")
        yield from self._paragraph(texts, marker)

    def _paragraph(self, texts: list[str], marker: str) -> Iterator[Block]:
        if text := one_line("".join(texts)):
            kind = BlockKind.LIST_ITEM if marker else BlockKind.PARAGRAPH
            separator = Separator.NEWLINE if marker and self._in_list else Separator.BLANK_LINE
            self._in_list = bool(marker)
            yield Block(kind, f"{marker}{text}", separator=separator)

    def _text(self, element: Any) -> str:
        return "".join(self._inline_parts(element))

    def _inline_parts(self, element: Any) -> Iterator[str]:
        """Yield the text of an inline element and its descendants. Footnotes are stored for the end of the document."""
        name = local_name(element)
        if name in _FOOTNOTES:
            self._notes.append(one_line("".join(element.itertext())))
        elif name not in _SKIPPED:
            pair = _PRINTED_AROUND.get(name) or _PRINTED_AROUND_IN.get(
                (local_name(element.getparent()), name), ("", "")
            )
            yield pair[0] + (element.text or self._reference_text(element))
            for child in element:
                yield from self._inline_parts(child)
                yield child.tail or ""
            yield pair[1]

    def _reference_text(self, reference: Any) -> str:
        """Return a text for a reference that has none: the title of the section it refers to, else its address.

        Return an empty text for an element with children.
        """
        if len(reference):
            return ""
        address = reference.get("url") or reference.get(_HREF) or ""
        return self._titles.get(reference.get("linkend") or "", address)[:MAX_ENTITY_LENGTH]

    def _table(self, table: Any) -> Iterator[Block]:
        self._context.tables = (self._context.tables or 0) + 1
        header: list[str] = []
        rows = []
        for child in table:
            if local_name(child) in _TITLES | {"caption"}:
                yield from self._paragraph([self._text(child)], "")
        for row in (each for each in table.iter() if local_name(each) in _ROWS):
            cells = [one_line("".join(self._inline_parts(cell))) for cell in row if local_name(cell) in _CELLS]
            self._context.count_cells(len(cells))
            is_head = bool({local_name(row), local_name(row.getparent())} & _HEADS)
            if is_head and not header:
                header = cells
            else:
                rows.append(cells)
        yield from table_blocks(header, rows)


def _titles(root: Any) -> Iterator[tuple[Any, str]]:
    """Yield each section with its title."""
    for element in root.iter():
        section = _section_of(element) if local_name(element) in _TITLES else None
        if section is not None:
            yield section, one_line("".join(element.itertext()))


def _id_of(section: Any) -> str:
    return str(section.get("id") or section.get(_XML_ID) or "")


def _section_of(title: Any) -> Any:
    """Return the section that a title belongs to, or None for the title of a table, a list or a note."""
    parent = title.getparent()
    while parent is not None and local_name(parent) in _INFO:
        parent = parent.getparent()
    return parent if parent is not None and local_name(parent) in _SECTIONS else None


def _has_own_text(element: Any) -> bool:
    """Return True if the element has text of its own beside its child elements, which are then part of that text."""
    return any(text and not text.isspace() for text in (element.text, *(child.tail for child in element)))
