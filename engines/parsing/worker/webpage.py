"""Web pages as blocks: Beautiful Soup takes away what is not the page's own text, docling reads the rest.

Chapters of books and messages are written in HTML, too, but have nothing around their text that could be taken away.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from engines.parsing.cleaning import one_line
from engines.parsing.encodings import marked_encoding
from engines.parsing.limits import above_limit
from engines.parsing.worker.block import Block
from engines.parsing.worker.reading import Reading

_NEVER_TEXT = frozenset({
    "script", "style", "noscript", "template", "dialog", "iframe", "object", "embed", "svg", "canvas", "audio",
    "video", "img", "picture", "map", "button", "input", "select", "textarea", "link", "meta", "base", "head",
})  # fmt: skip
_NOT_TEXT = _NEVER_TEXT | {"nav", "aside", "footer", "form"}
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
_GUIDE = re.compile(r"nav(igation|bar|header|footer)?|(page-?)?footer", re.I)
"""A whole class or id of what leads to other pages, or stands below every page."""
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_DEEPEST_OF_LXML = 250
_NOTE_MARK = re.compile(r"\d{1,3}|[*†‡§]|[a-z]")
_PICTURES = ("img", "svg")


@dataclass(frozen=True, slots=True)
class WebPage:
    html: bytes
    "What is left of it."
    title: str | None


def page_blocks(page: WebPage, reading: Reading) -> Iterator[Block]:
    from docling.backend.html_backend import HTMLDocumentBackend
    from docling.datamodel.backend_options import HTMLBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.docling_blocks import blocks_of, convert

    options = HTMLBackendOptions(infer_furniture=False)
    document = convert(BytesIO(page.html), "document.html", InputFormat.HTML, HTMLDocumentBackend, options)
    yield from blocks_of(document, reading)


def clean_page(content: bytes, reading: Reading, *, is_website: bool) -> WebPage:
    """The text alone, as HTML; pictures are counted. Raises `DocumentUnreadable` where it is nested too deep."""
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(content, "lxml", from_encoding=marked_encoding(content[:4]))
    _check_depth(soup, reading.limits.nesting)
    title = one_line(soup.title.get_text()) if soup.title else ""
    reading.pictures = (reading.pictures or 0) + len(soup.find_all(_PICTURES))
    for element in soup.find_all(_is_clutter if is_website else _NEVER_TEXT):
        if not element.decomposed:
            element.decompose()
    main = _main_part(soup) if is_website else soup.body or soup
    _mark_notes(main)
    _unwrap_inline(main)
    main.smooth()
    return WebPage(f"<!DOCTYPE html><html><body>{main.decode()}</body></html>".encode(), title or None)


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
    names = [*element.get("class", []), element.get("id", "")]
    guides = any(_GUIDE.fullmatch(name) for name in names)
    if element.name in _NEVER_CLUTTER:
        return element.name == "table" and guides and element.find("h1") is None
    if element.has_attr("hidden") or element.get("aria-hidden") == "true" or _HIDDEN.search(element.get("style", "")):
        return True
    if element.name == "header":
        return element.find_parent(["article", "main", "section"]) is None and element.find(["h1", "h2"]) is None
    return (guides or any(_BOILERPLATE.search(name) for name in names)) and element.find("h1") is None


def _mark_notes(main: Any) -> None:
    """The raised number of a footnote is no part of the word that it stands at: `quay[1]`."""
    for raised in main.find_all("sup"):
        mark = raised.get_text().strip()
        if _NOTE_MARK.fullmatch(mark) and (raised.find("a") or raised.find_parent("a")):
            raised.replace_with(f"[{mark}]" if raised.previous_sibling else f"[{mark}] ")


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
