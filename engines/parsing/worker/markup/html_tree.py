"""Parsing of HTML and XHTML into a tree, and functions on its elements that several modules use."""

import re
from dataclasses import dataclass
from typing import Any

from engines.parsing.parsing_limits import above_limit
from engines.parsing.text_cleaning import one_line

_MAX_DEPTH = 250
"""Maximum depth of nested elements. libxml2 drops elements below a depth of 256 and reports no error."""
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_SELF_CLOSED = re.compile(rf"<(?!(?:{_VOID})\b)([a-z][\w:-]*)(\s[^<>]*?)?/>", re.I)
"""An empty element in the syntax of XML, such as `<title/>`. An HTML parser would take it for a start tag."""
_XHTML = re.compile(
    r"\s*<\?xml|[^<]*<!doctype[^>]*xhtml|.{0,2000}?xmlns\s*=\s*[\"']http://www\.w3\.org/1999/xhtml", re.I | re.S
)
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_HEADING = re.compile(r"h[1-6]")

NEVER_SHOWN = frozenset({
    "script", "style", "template", "link", "meta", "base", "head", "title", "param", "area", "col",
    "colgroup", "noframes", "datalist",
})  # fmt: skip
"""Elements that a browser never shows."""
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "html", "legend", "li", "listing", "main", "menu", "nav", "noscript", "ol", "optgroup", "p", "plaintext",
    "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "xmp",
})  # fmt: skip
"""Elements before and after which a paragraph ends."""


@dataclass(frozen=True, slots=True)
class HtmlTree:
    """A parsed page."""

    root: Any
    body: Any
    "The `<body>` element; the root if the page has none."
    title: str | None


def parse_html(text: str, nesting: int) -> HtmlTree | None:
    """Parse a page. Return None if it contains no element.

    Raises `DocumentUnreadable` (PARSER_LIMIT) if elements are nested deeper than `nesting`.
    """
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    if _XHTML.match(text):
        text = _SELF_CLOSED.sub(r"<\1\2></\1>", _XML_DECLARATION.sub("", text, count=1))
    content = text.replace("\0", "").encode("utf-8", errors="replace")
    root = etree.fromstring(content, parser) if content.strip() else None
    if root is None:
        return None
    for element in list(root.iter("noscript")):
        _parse_alternative(element, parser)
    _check_depth(root, nesting)
    _strip_unshown(root)
    body = root.find("body")
    title = root.find("head/title")
    title = next(root.iter("title"), None) if title is None else title
    words = one_line("".join(title.itertext())) if title is not None else ""
    return HtmlTree(root, root if body is None else body, words or None)


def _parse_alternative(element: Any, parser: Any) -> None:
    """Parse the content of a `<noscript>` element, as a browser without scripts does. libxml2 takes it for plain text."""
    from lxml import etree

    text = element.text or ""
    if "<" not in text:
        return
    inside = etree.fromstring(f"<html><body>{text}</body></html>".encode(errors="replace"), parser)
    body = inside.find("body") if inside is not None else None
    if body is not None:
        element.text = body.text
        element.extend(list(body))


def _strip_unshown(root: Any) -> None:
    """Remove the elements that no browser shows. Keep the template of a shadow root, which a browser shows."""
    from lxml import etree

    for template in root.iter("template"):
        if template.get("shadowrootmode"):
            template.tag = "div"
    for body in root.iter("body"):
        etree.strip_elements(body, *NEVER_SHOWN - {"col", "colgroup", "title"}, with_tail=False)


def _check_depth(root: Any, limit: int) -> None:
    stack = [(root, 0)]
    while stack:
        element, depth = stack.pop()
        if depth > min(limit, _MAX_DEPTH):
            raise above_limit(
                f"The page's elements are nested more than {limit:,} levels deep. Simplify its structure."
            )
        stack.extend((child, depth + 1) for child in element)


def tag(element: Any) -> str:
    """Return the name of an element in lower case; empty for other nodes."""
    return element.tag.lower() if isinstance(element.tag, str) else ""


def heading_level(element: Any) -> int:
    """Return the level of a heading, from 1 on; 0 for other elements. `aria-level` can state levels above 6."""
    if _HEADING.fullmatch(tag(element)):
        return int(element.tag[1])
    if element.get("role") == "heading":
        level = element.get("aria-level") or "2"
        return min(int(level), 9) if level.isdigit() and int(level) else 2
    return 0


def has_block(element: Any) -> bool:
    """Return True if a descendant begins a paragraph."""
    return any(tag(each) in BLOCKS or heading_level(each) for each in element.iterdescendants())


def visible_text(element: Any) -> str:
    """Return the text of an element on one line. Use it only to count words and letters.

    A space is inserted between the elements inside of a word.
    """
    return one_line(" ".join(element.itertext()))


def remove_element(element: Any) -> None:
    """Remove an element, but not the text after it."""
    parent, previous = element.getparent(), element.getprevious()
    if parent is None:
        return
    if previous is not None:
        previous.tail = f"{previous.tail or ''} {element.tail or ''}"
    else:
        parent.text = f"{parent.text or ''} {element.tail or ''}"
    parent.remove(element)
