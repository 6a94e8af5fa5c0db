"""Safe parsing of XML with lxml: no network access, no entity expansion, bounded depth."""

from dataclasses import dataclass
from typing import Any

from engines.parsing.parsing_limits import above_limit
from records.codes import ErrorCode
from records.errors import DocumentUnreadable


@dataclass(frozen=True, slots=True)
class XmlTree:
    """A parsed XML document."""

    root: Any
    damaged_at: str | None = None
    "Place of the first syntax error, such as `line 12`; None for well-formed XML. The tree holds what could be recovered."


def parse_xml(content: bytes) -> XmlTree:
    """Parse XML, recovering from syntax errors.

    Raises `DocumentUnreadable`: CORRUPT_DOCUMENT if nothing could be recovered, PARSER_LIMIT if the XML is nested deeper
    than libxml2 allows or multiplies entities.
    """
    from lxml import etree

    try:
        return XmlTree(etree.fromstring(content, _parser(recover=False)))
    except etree.XMLSyntaxError as error:
        if error.code in (etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_ENTITY_LOOP):
            raise above_limit(
                "The XML is nested too deeply or multiplies its entities, which can exhaust memory. Simplify the file."
            ) from error
        root = etree.fromstring(content, _parser(recover=True))
        damaged_at = f"line {error.lineno:,}"
    if root is None:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT,
            f"The XML is damaged at {damaged_at} and cannot be parsed. Correct it and upload it again.",
        )
    return XmlTree(root, damaged_at)


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
    """Raise `DocumentUnreadable` (PARSER_LIMIT) if elements are nested deeper than `limit`.

    Call it before any recursive walk of the tree.
    """
    stack = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        if depth > limit:
            raise above_limit(
                f"The document's elements are nested more than {limit:,} levels deep. Simplify its structure."
            )
        stack.extend((child, depth + 1) for child in element)


def local_name(element: Any) -> str:
    """Return the name of an element without its namespace; empty for an entity reference."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
