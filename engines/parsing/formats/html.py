"""Web pages: Beautiful Soup takes away what is not the page's own text, docling reads the rest."""

import re
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from engines.parsing.block import Block
from engines.parsing.cleaning import one_line
from engines.parsing.encodings import marked_encoding
from engines.parsing.formats.format import Format
from engines.parsing.limits import above_limit, check_size
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen

_BEGINNING = re.compile(r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_TAGS = re.compile(r"</?(p|div|h[1-6]|table|ul|ol|li|span|a|br|section|article)\b[^>]*>", re.I)

_NOT_TEXT = frozenset({
    "script", "style", "noscript", "template", "nav", "aside", "footer", "form", "dialog", "iframe", "object",
    "embed", "svg", "canvas", "audio", "video", "img", "picture", "map", "button", "input", "select",
    "textarea", "link", "meta", "base", "head",
})  # fmt: skip
_NOT_TEXT_ROLES = frozenset({
    "navigation", "banner", "search", "contentinfo", "complementary", "dialog", "alert",
})  # fmt: skip
_NEVER_CLUTTER = frozenset({
    "html", "body", "main", "article", "table", "tr", "td", "th",
})  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_BOILERPLATE = re.compile(
    r"(^|[-_])(nav|navbar|navigation|menu|sidebar|breadcrumbs?|cookies?|consent|banner|advert|ads?|promo|share|social"
    r"|newsletter|subscribe|popup|modal|skip-?link|site-?footer|site-?header|related-?posts|comments?-?form)($|[-_])",
    re.I,
)
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_DEEPEST_OF_LXML = 250


def recognize(specimen: Specimen) -> str | None:
    """By how it begins; where its name says so, by any tag."""
    if _BEGINNING.match(specimen.text[:4096]):
        return "text/html"
    named = specimen.extension in FORMAT.extensions
    return "text/html" if named and _TAGS.search(specimen.text) else None


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    page = _cleaned(reading)
    from docling.backend.html_backend import HTMLDocumentBackend
    from docling.datamodel.backend_options import HTMLBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.docling_blocks import blocks_of, convert

    options = HTMLBackendOptions(infer_furniture=False)
    document = convert(BytesIO(page), "document.html", InputFormat.HTML, HTMLDocumentBackend, options)
    yield from blocks_of(document, reading)


def _cleaned(reading: Reading) -> bytes:
    """The page's own text as HTML; its title goes into `reading`."""
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    content = reading.path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(content, "lxml", from_encoding=marked_encoding(content[:4]))
    _check_depth(soup, reading.limits.nesting)
    if soup.title:
        reading.title = one_line(soup.title.get_text()) or None
    for element in soup.find_all(_is_clutter):
        if not element.decomposed:
            element.decompose()
    main = _main_part(soup)
    _unwrap_inline(main)
    main.smooth()
    return f"<!DOCTYPE html><html><body>{main.decode()}</body></html>".encode()


def _check_depth(soup: Any, limit: int) -> None:
    """Before anything walks the tree recursively. libxml2 itself stops at a depth of 256, in silence."""
    stack = [(soup, 0)]
    while stack:
        element, depth = stack.pop()
        if depth > min(limit, _DEEPEST_OF_LXML):
            raise above_limit(f"The page's elements are nested more than {limit} deep.")
        stack.extend((child, depth + 1) for child in element.children if child.name)


def _is_clutter(element: Any) -> bool:
    if element.name in _NOT_TEXT or element.get("role") in _NOT_TEXT_ROLES:
        return True
    if element.name in _NEVER_CLUTTER:
        return False
    if element.has_attr("hidden") or element.get("aria-hidden") == "true" or _HIDDEN.search(element.get("style", "")):
        return True
    if element.name == "header":
        return element.find_parent(["article", "main", "section"]) is None and element.find(["h1", "h2"]) is None
    names = [*element.get("class", []), element.get("id", "")]
    return any(_BOILERPLATE.search(name) for name in names) and element.find("h1") is None


def _unwrap_inline(main: Any) -> None:
    """docling takes a sentence with formatted words apart; without their tags it stays whole. Code keeps its lines."""
    for element in main.find_all(_INLINE):
        if element.parent.name != "pre" and element.find_parent("pre") is None:
            element.unwrap()


def _main_part(soup: Any) -> Any:
    """`<main>`, where it holds most of the text; else the body."""
    body = soup.body or soup
    main = body.find("main") or body.find(attrs={"role": "main"})
    if main and len(main.get_text()) > len(body.get_text()) / 2:
        return main
    return body


FORMAT = Format(
    media_types=("text/html",),
    extensions=(".html", ".htm", ".xhtml"),
    label="web page",
    is_text=True,
    recognize=recognize,
    read=read,
)
