"""XML: written text (DocBook and its kin) by its structure, everything else as values with their names."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.cleaning import one_line
from engines.parsing.limits import check_size
from engines.parsing.worker.block import Block
from engines.parsing.worker.docbook import ROOTS, WrittenXml
from engines.parsing.worker.entities import put_entities_in_place
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.trees import Tree, check_depth, local_name, tree_of
from engines.parsing.worker.values import Members, value_blocks
from records.codes import ErrorCode
from records.errors import DocumentUnreadable


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
