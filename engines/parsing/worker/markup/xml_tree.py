"""Safe parsing of XML with lxml, whole or as a stream: no network access, no entity expansion, bounded depth."""

from collections.abc import Callable, Iterator
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
    "Position of the first syntax error, such as `line 12`; None for well-formed XML. The tree is what could be recovered."


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
            raise _too_deep(limit)
        stack.extend((child, depth + 1) for child in element)


def streamed_elements(source: Any, nesting: int, is_wanted: Callable[[Any, int], bool]) -> Iterator[Any]:
    """Yield those elements of an open XML file for which `is_wanted` returns True, in order, each with its whole content.

    `is_wanted` is called with an element and its depth, 0 for the root. An element is deleted when the next one is
    requested, so that a long document is never in memory at once. Comments and processing instructions are left out.
    Raises `DocumentUnreadable`.
    """
    from lxml import etree

    events = etree.iterparse(
        source, events=("start", "end"), remove_comments=True, remove_pis=True, resolve_entities=False, load_dtd=False,
        no_network=True, huge_tree=False,
    )  # fmt: skip
    depth = -1
    try:
        for event, element in events:
            if event == "start":
                depth += 1
                if depth >= nesting:
                    raise _too_deep(nesting)
                continue
            if is_wanted(element, depth):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            depth -= 1
    except etree.XMLSyntaxError as error:
        raise _damaged(error, nesting) from error


def _too_deep(limit: int) -> DocumentUnreadable:
    return above_limit(f"The document's elements are nested more than {limit:,} levels deep. Simplify its structure.")


def _damaged(error: Any, nesting: int) -> DocumentUnreadable:
    from lxml import etree

    if error.code in (etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_ENTITY_LOOP):
        return _too_deep(nesting)
    return DocumentUnreadable(
        ErrorCode.CORRUPT_DOCUMENT, "The file is damaged: one of its parts is no valid XML. Upload an intact copy."
    )


def local_name(element: Any) -> str:
    """Return the name of an element without its namespace; empty for an entity reference."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
