"""XML. Documents such as DocBook are converted by their structure, other XML as values with their names."""

import re
from collections.abc import Iterator
from typing import Any

from engines.parsing.parsing_limits import check_size
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.blocks.nested_values import Members, value_blocks
from engines.parsing.worker.markup.docbook import ROOTS, DocBookConverter
from engines.parsing.worker.markup.html_tree import parse_html, visible_text
from engines.parsing.worker.markup.xml_entities import replace_plain_entities
from engines.parsing.worker.markup.xml_tree import XmlTree, check_depth, local_name, parse_xml
from engines.parsing.worker.parse_context import ParseContext
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_HTML_VALUE = re.compile(r"</(p|div|a|b|i|em|strong|span|ul|ol|li|h[1-6]|table|blockquote|pre|code)>|<br\s*/?>", re.I)
_MAX_HTML_DEPTH = 200


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of an XML file. Add warnings about syntax errors and entities that were not expanded."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    tree = parse_xml(context.path.read_bytes())
    check_depth(tree.root, context.limits.nesting)
    replace_plain_entities(tree.root)
    _warn_of_entities(tree.root, context)
    has_blocks = False
    for block in _blocks(tree.root, context):
        has_blocks = True
        yield block
    if tree.damaged_at:
        _report_damage(tree, has_blocks, context)


def _blocks(root: Any, context: ParseContext) -> Iterator[Block]:
    if local_name(root) in ROOTS:
        return DocBookConverter(root, context).blocks()
    return value_blocks(_value(root), context.limits.nesting)


def _report_damage(tree: XmlTree, has_blocks: bool, context: ParseContext) -> None:
    """Add a warning about a damaged file. Raises `DocumentUnreadable` (CORRUPT_DOCUMENT) if no block was read from it."""
    if not has_blocks:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT,
            f"The XML is damaged at {tree.damaged_at} and no text was recovered. Correct it and upload it again.",
        )
    context.warnings.append(f"The XML is damaged at {tree.damaged_at}, so parts of the text may be missing.")


def _warn_of_entities(root: Any, context: ParseContext) -> None:
    from lxml import etree

    names = sorted({entity.name for entity in root.iter(etree.Entity)})
    if names:
        listed = ", ".join(names[:20])
        context.warnings.append(f"These entities were not expanded: {listed}.")


def _value(element: Any) -> object:
    """Return an element as a value for `value_blocks`.

    Attributes and child elements become members. Children with the same name become one list. If an element contains both
    text and elements, its content becomes one text.
    """
    children = [child for child in element if local_name(child)]
    mixed = any((child.tail or "").strip() for child in element) or bool(children and (element.text or "").strip())
    text = _plain(one_line("".join(element.itertext()))) if mixed or not children else ""
    members = Members((name, value) for name, value in element.attrib.items() if "}" not in name)
    if not mixed:
        members.extend(_grouped(children))
    if not members:
        return text
    return Members([*members, ("text", text)]) if text else members


def _plain(text: str) -> str:
    """Return the text of a value that is HTML, as in feeds; return other values unchanged."""
    if not _HTML_VALUE.search(text):
        return text
    tree = parse_html(text, _MAX_HTML_DEPTH)
    return visible_text(tree.body) if tree else text


def _grouped(children: list[Any]) -> Iterator[tuple[str, object]]:
    groups: dict[str, list[object]] = {}
    for child in children:
        groups.setdefault(local_name(child), []).append(_value(child))
    for name, values in groups.items():
        yield name, values[0] if len(values) == 1 else values
