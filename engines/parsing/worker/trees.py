"""XML as a tree, by lxml: nothing is fetched, no entity expanded, no depth without an end."""

from dataclasses import dataclass
from typing import Any

from engines.parsing.limits import above_limit
from records.codes import ErrorCode
from records.errors import DocumentUnreadable


@dataclass(frozen=True, slots=True)
class Tree:
    root: Any
    broken: str | None = None
    "Where and why the file is no XML any more; what stands before is in the tree."


def tree_of(content: bytes) -> Tree:
    """Raises `DocumentUnreadable` where nothing can be read, or where it is made to harm."""
    from lxml import etree

    try:
        return Tree(etree.fromstring(content, _parser(recover=False)))
    except etree.XMLSyntaxError as error:
        if error.code in (etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_ENTITY_LOOP):
            raise above_limit("The XML is nested too deep, or multiplies its entities.") from error
        root = etree.fromstring(content, _parser(recover=True))
        reason = f"line {error.lineno:,}"
    if root is None:
        raise DocumentUnreadable(ErrorCode.CORRUPT_DOCUMENT, f"The XML is damaged: it cannot be read at {reason}.")
    return Tree(root, reason)


def _parser(*, recover: bool) -> Any:
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=recover,
        remove_pis=True,
        remove_comments=True,
    )


def check_depth(root: Any, limit: int) -> None:
    """Before anything walks the tree recursively."""
    stack = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        if depth > limit:
            raise above_limit(f"The document's elements are nested more than {limit} deep.")
        stack.extend((child, depth + 1) for child in element)


def local_name(element: Any) -> str:
    """Without its namespace; empty for an entity that is not expanded."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
