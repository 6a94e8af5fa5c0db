"""Conversion of HTML to blocks: Beautiful Soup removes navigation and other clutter, docling converts the rest.

Chapters of EPUB books and bodies of e-mail are HTML, too. They have no clutter, so nothing around their text is removed.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from engines.parsing.parsing_limits import above_limit
from engines.parsing.text_cleaning import one_line
from engines.parsing.text_encoding import marked_encoding
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext

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
_NAVIGATION = re.compile(r"nav(igation|bar|header|footer)?|(page-?)?footer", re.I)
"""Classes and ids, matched whole, of elements with links to other pages or with the footer of a site."""
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_MAX_LXML_DEPTH = 250
"""libxml2 drops elements below a depth of 256 without an error, so a deeper page is rejected before that."""
_NOTE_MARK = re.compile(r"\d{1,3}|[*†‡§]|[a-z]")
_IMAGES = ("img", "svg")


@dataclass(frozen=True, slots=True)
class WebPage:
    """A cleaned web page."""

    html: bytes
    title: str | None


def web_page_blocks(page: WebPage, context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a cleaned page."""
    from docling.backend.html_backend import HTMLDocumentBackend
    from docling.datamodel.backend_options import HTMLBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.blocks.docling_blocks import convert, document_blocks

    options = HTMLBackendOptions(infer_furniture=False)
    document = convert(BytesIO(page.html), "document.html", InputFormat.HTML, HTMLDocumentBackend, options)
    yield from document_blocks(document, context)


def clean_web_page(content: bytes, context: ParseContext, *, is_website: bool) -> WebPage:
    """Return the page without scripts, images and, for a website, without navigation and other clutter.

    Images are counted in `context`. Raises `DocumentUnreadable` (PARSER_LIMIT) if elements are nested too deeply.
    """
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(content, "lxml", from_encoding=marked_encoding(content[:4]))
    _check_depth(soup, context.limits.nesting)
    title = one_line(soup.title.get_text()) if soup.title else ""
    context.pictures = (context.pictures or 0) + len(soup.find_all(_IMAGES))
    for element in soup.find_all(_is_clutter if is_website else _NEVER_TEXT):
        if not element.decomposed:
            element.decompose()
    main = _main_part(soup) if is_website else soup.body or soup
    _bracket_note_marks(main)
    _unwrap_inline(main)
    main.smooth()
    return WebPage(f"<!DOCTYPE html><html><body>{main.decode()}</body></html>".encode(), title or None)


def _check_depth(soup: Any, limit: int) -> None:
    stack = [(soup, 0)]
    while stack:
        element, depth = stack.pop()
        if depth > min(limit, _MAX_LXML_DEPTH):
            raise above_limit(
                f"The page's elements are nested more than {limit:,} levels deep. Simplify its structure."
            )
        stack.extend((child, depth + 1) for child in element.children if child.name)


def _is_clutter(element: Any) -> bool:
    """Return True for navigation, hidden elements, banners, footers and similar parts of a website."""
    if element.name in _NOT_TEXT or element.get("role") in _NOT_TEXT_ROLES:
        return True
    names = [*element.get("class", []), element.get("id", "")]
    is_navigation = any(_NAVIGATION.fullmatch(name) for name in names)
    if element.name in _NEVER_CLUTTER:
        return element.name == "table" and is_navigation and element.find("h1") is None
    if element.has_attr("hidden") or element.get("aria-hidden") == "true" or _HIDDEN.search(element.get("style", "")):
        return True
    if element.name == "header":
        return element.find_parent(["article", "main", "section"]) is None and element.find(["h1", "h2"]) is None
    return (is_navigation or any(_BOILERPLATE.search(name) for name in names)) and element.find("h1") is None


def _bracket_note_marks(main: Any) -> None:
    """Put the superscript numbers of footnotes in brackets, as in `quay[1]`, so that they do not merge with the word."""
    for superscript in main.find_all("sup"):
        mark = superscript.get_text().strip()
        if _NOTE_MARK.fullmatch(mark) and (superscript.find("a") or superscript.find_parent("a")):
            superscript.replace_with(f"[{mark}]" if superscript.previous_sibling else f"[{mark}] ")


def _unwrap_inline(main: Any) -> None:
    """Remove inline tags, because docling divides a sentence at formatted words. Inside of `<pre>` they are kept."""
    for element in main.find_all(_INLINE):
        if element.parent.name != "pre" and element.find_parent("pre") is None:
            element.unwrap()


def _main_part(soup: Any) -> Any:
    """Return `<main>` if it contains most of the text, else the body."""
    body = soup.body or soup
    main = body.find("main") or body.find(attrs={"role": "main"})
    if main and len(main.get_text()) > len(body.get_text()) / 2:
        return main
    return body
