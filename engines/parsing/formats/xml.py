"""XML: written text (DocBook and its kin) by its structure, everything else as values with their names."""

import re
from collections.abc import Iterator
from typing import Any

from engines.parsing.block import Block
from engines.parsing.cleaning import one_line
from engines.parsing.docbook import ROOTS, WrittenXml
from engines.parsing.entities import put_entities_in_place
from engines.parsing.formats.format import Format
from engines.parsing.limits import check_size
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen
from engines.parsing.trees import Tree, check_depth, local_name, tree_of
from engines.parsing.values import Members, value_blocks
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

MEDIA_TYPE = "application/xml"
_BEGINNING = re.compile(r"\s*(<\?xml\b|<!DOCTYPE\s+(?!html\b)\w)", re.I)
_ELEMENT = re.compile(r"\s*(?><!--.*?-->\s*)*<[A-Za-z_][\w.:-]*(\s[^<>]*)?/?>", re.S)


def recognize(specimen: Specimen) -> str | None:
    """By how it begins; where its name says so, by any element."""
    if _BEGINNING.match(specimen.text):
        return MEDIA_TYPE
    named = specimen.extension in FORMAT.extensions
    return MEDIA_TYPE if named and _ELEMENT.match(specimen.text) else None


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    tree = tree_of(reading.path.read_bytes())
    check_depth(tree.root, reading.limits.nesting)
    put_entities_in_place(tree.root)
    _note_entities(tree.root, reading)
    found = False
    for block in _blocks(tree.root, reading):
        found = True
        yield block
    if tree.broken:
        _judge(tree, found, reading)


def _blocks(root: Any, reading: Reading) -> Iterator[Block]:
    if local_name(root) in ROOTS:
        return WrittenXml(root, reading).blocks()
    return value_blocks(_value(root), reading.limits.nesting)


def _judge(tree: Tree, found: bool, reading: Reading) -> None:
    if not found:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT, f"The XML is damaged at {tree.broken}; nothing can be read."
        )
    reading.warnings.append(f"The XML is damaged at {tree.broken}; what could be read before and behind it was read.")


def _note_entities(root: Any, reading: Reading) -> None:
    from lxml import etree

    names = sorted({entity.name for entity in root.iter(etree.Entity)})
    if names:
        listed = ", ".join(names[:20])
        reading.warnings.append(f"Entities that the document defines itself were left as they stand: {listed}.")


def _value(element: Any) -> object:
    """Attributes and elements as members; elements of the same name side by side are a list; mixed content is text."""
    children = [child for child in element if local_name(child)]
    mixed = any((child.tail or "").strip() for child in element) or bool(children and (element.text or "").strip())
    text = one_line("".join(element.itertext())) if mixed or not children else ""
    members = Members((name, value) for name, value in element.attrib.items() if "}" not in name)
    if not mixed:
        members.extend(_grouped(children))
    if not members:
        return text
    return Members([*members, ("text", text)]) if text else members


def _grouped(children: list[Any]) -> Iterator[tuple[str, object]]:
    groups: dict[str, list[object]] = {}
    for child in children:
        groups.setdefault(local_name(child), []).append(_value(child))
    for name, values in groups.items():
        yield name, values[0] if len(values) == 1 else values


FORMAT = Format(
    types={MEDIA_TYPE: (".xml", ".docbook", ".dbk", ".dita", ".tei", ".rss", ".atom")},
    label="XML file",
    is_text=True,
    recognize=recognize,
    read=read,
)
