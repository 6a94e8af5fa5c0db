"""Removal of a website's boilerplate: navigation, cookie banners and copyright lines.

A part of a page is an element with its content. It is removed only with two pieces of evidence: its tag, role, class, id or
position marks it as boilerplate, and its content has the form of boilerplate, such as links without sentences.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.html_tree import NEVER_SHOWN, heading_level, remove_element, tag, visible_text

_CANDIDATES = frozenset({
    "aside", "center", "details", "dialog", "div", "dl", "footer", "form", "header", "hr", "menu", "nav", "ol", "p",
    "search", "section", "table", "td", "ul",
})  # fmt: skip
_SITE_TAGS = frozenset({"nav", "header", "footer", "aside", "menu", "search"})
_SITE_ROLES = frozenset({
    "navigation", "banner", "search", "contentinfo", "complementary", "menu", "menubar", "toolbar", "dialog", "alertdialog",
})  # fmt: skip
_NAVIGATION_NAMES = re.compile(
    r"(^|[-_ ])(nav|navbar|nav-?(header|footer|igation)|bread-?crumbs?|crumbs|pager|pagination|toc|skip|share|sharing|social"
    r"|edit|prev|previous|next)($|[-_ \d])",
    re.I,
)
"""Classes and ids of navigation, both inside and outside of the content of a page."""
_SITE_NAMES = re.compile(
    r"(^|[-_ ])(navigable|menus?|side-?bar|footer|header|top-?bar|tool-?bar|related|tags|links|languages?|lang|promo"
    r"|adverts?|ads|subscribe|newsletter|login|cookies?|consent|gdpr|banner|copyright|legal|search)($|[-_ \d])",
    re.I,
)
"""Classes and ids of the parts around the content of a page. Inside of the content, they are no evidence."""
_MAIN = ("main", "article")
_LINK_SHARE = 0.75
"""Minimum share of the letters of a part that are in links, for a list of links."""
_MAX_PLAIN_WORDS = 12
"""Maximum number of words outside of links in a list of links, such as headings and the name of the current page."""
_MAX_LEGAL_WORDS = 30
_MAX_BANNER_WORDS = 120
_MAX_SIGNPOST_WORDS = 6
_MAX_LETTERS = 20_000
_MAX_NAVIGATION = 100_000
"""Maximum length, in characters, of boilerplate in elements that are made for it, such as `nav`.

`_MAX_LETTERS` is the maximum for all other elements.
"""
_SENTENCE = re.compile(r"(\w+\W+){5,}\w+[.!?:](\s|$)")
_FACT = re.compile(r"\d{2,}|\d[.,:]\d|[€$£%]")
_RIGHTS_MARKS = ("©", "(c)", "copyright", "all rights")
_RIGHTS = re.compile(r"all rights reserved\W*", re.I)
_VERSION = re.compile(r"\bv?\d+(\.\d+)+\b", re.I)
_YEAR = re.compile(r"\b(19|20)\d\d\b")
_DOCUMENT = re.compile(r"\.(pdf|docx?|xlsx?|pptx?|od[tsp]|epub|csv|zip|txt|rtf)$", re.I)
_LEGAL = re.compile(
    r"^(©|\(c\)|copyright|all rights reserved|powered by|generated (by|with|on|using)|created (by|with|using)|built with"
    r"|made with|proudly)",
    re.I,
)
_CONSENT = re.compile(r"\b(cookies?|consent|gdpr)\b", re.I)
_CONSENT_ACTION = re.compile(
    r"\b(accept|agree|allow|reject|decline|got it|ok|dismiss|manage|settings|preferences)\b", re.I
)
_SIGNPOST = re.compile(r"\b(home|top|up|next|prev|previous|back|contents|index|sitemap|skip)\b", re.I)
_MIN_REMAINING_SHARE = 0.2
_MIN_REMAINING_WORDS = 8
_MIN_MAIN_WORDS = 20
_PROSE_WORDS = 8
"""Minimum number of words of a text node that counts as prose."""
_PROSE_SHARE = 0.9
"""Minimum share of a page's prose that is in the main part of the page."""


@dataclass(frozen=True, slots=True)
class _Measures:
    """Measures of the content of an element."""

    words: int
    letters: int
    linked_letters: int
    linked_words: int
    targets: tuple[str, ...]
    "Targets of the links."
    headings: int
    plain: str
    "Text outside of links."


def remove_boilerplate(body: Any) -> tuple[int, int]:
    """Remove boilerplate from a page. Return the number of removed words, and the number of words before the removal.

    If little text would remain, only copyright lines are removed: the links are then the content of the page.
    """
    total = len(visible_text(body).split())
    found = list(_outermost(body))
    removed = sum(len(visible_text(element).split()) for element in found)
    if total - removed < max(_MIN_REMAINING_WORDS, total * _MIN_REMAINING_SHARE):
        found = [element for element in found if _is_legal_line(visible_text(element))]
    words = sum(len(visible_text(element).split()) for element in found)
    for element in found:
        remove_element(element)
    return words, total


def _main_parts(body: Any) -> list[Any]:
    """Return the elements that the page marks as its main content.

    If it marks none, return the smallest element with most of the page's prose. Return an empty list if that is the whole
    body or if the page has little prose.
    """
    marked = [*body.iter(*_MAIN), *(each for each in body.iter() if each.get("role") == "main")]
    return [each for each in marked if len(visible_text(each).split()) >= _MIN_MAIN_WORDS] or _prose_part(body)


def _prose_part(body: Any) -> list[Any]:
    prose = dict[Any, int]()
    for element in body.iter():
        if tag(element) in NEVER_SHOWN or tag(element) == "a":
            continue
        own = [element.text, *(child.tail for child in element)]
        words = sum(len(text.split()) for text in own if text and len(text.split()) >= _PROSE_WORDS)
        for each in (element, *element.iterancestors()) if words else ():
            prose[each] = prose.get(each, 0) + words
    part, total = body, prose.get(body, 0)
    while (inner := next((each for each in part if prose.get(each, 0) >= _PROSE_SHARE * total > 0), None)) is not None:
        part = inner
    holder = part if tag(part) not in ("p", "li", "td", "span") else part.getparent()
    return [holder] if holder is not body and total >= _MIN_MAIN_WORDS else []


def _outermost(body: Any) -> Iterator[Any]:
    """Yield the elements that are boilerplate. Elements inside of a yielded one are not yielded."""
    main = set(_main_parts(body))
    places = {place for each in body.iter() for place in (each.get("id"), each.get("name")) if place}
    stack = [(child, False) for child in reversed(body)]
    while stack:
        element, in_main = stack.pop()
        in_main = in_main or element in main
        if tag(element) in NEVER_SHOWN or not tag(element):
            continue
        is_candidate = tag(element) in _CANDIDATES or (tag(element) == "a" and element.getparent() is body)
        if is_candidate and not heading_level(element) and not _is_long(element):
            is_outside = bool(main) and not in_main and not any(part in main for part in element.iter(*_MAIN))
            if _is_boilerplate(element, in_main, is_outside, places):
                yield element
                continue
        stack.extend((child, in_main) for child in reversed(element))


def _is_boilerplate(element: Any, in_main: bool, is_outside: bool, places: set[str]) -> bool:
    is_navigation = _is_navigation(element)
    is_marked = is_navigation or is_outside or (not in_main and _surrounds_content(element))
    if not is_marked and next(element.iter("a"), None) is None:
        return False
    measures = _measure(element)
    if not measures.letters:
        return False
    if _has_only_links(measures) and (is_marked or _is_contents(measures, places)):
        return True
    text = visible_text(element)
    if is_navigation and measures.words <= _MAX_SIGNPOST_WORDS and _SIGNPOST.search(text) and _says_nothing(text):
        return True
    if in_main or not is_marked:
        return False
    is_rights = text.lower().startswith(_RIGHTS_MARKS)
    return (_is_legal_line(text) and (_is_in_footer(element) or not is_rights)) or _is_consent(element, text, measures)


def _is_long(element: Any) -> bool:
    """Return True for an element with more text than boilerplate has. Stop counting at the limit."""
    left = _MAX_NAVIGATION if tag(element) in _SITE_TAGS else _MAX_LETTERS
    for text in element.itertext():
        left -= len(text)
        if left < 0:
            return True
    return False


def _is_in_footer(element: Any) -> bool:
    """Return True if the element is a footer or inside of one.

    Elsewhere, for example on the title page of a manual, a copyright line is content.
    """
    return any(
        tag(each) == "footer"
        or each.get("role") == "contentinfo"
        or "foot" in f"{each.get('class')} {each.get('id')}".lower()
        for each in (element, *element.iterancestors())
    )


def _is_navigation(element: Any) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return tag(element) == "nav" or element.get("role") == "navigation" or bool(_NAVIGATION_NAMES.search(names))


def _surrounds_content(element: Any) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return tag(element) in _SITE_TAGS or element.get("role") in _SITE_ROLES or bool(_SITE_NAMES.search(names))


def _measure(element: Any) -> _Measures:
    links = [link for link in element.iter("a") if link.get("href") is not None]
    linked = " ".join(visible_text(link) for link in links)
    text = visible_text(element)
    headings = sum(bool(heading_level(each)) for each in element.iter())
    return _Measures(
        words=len(text.split()),
        letters=_letters(text),
        linked_letters=_letters(linked),
        linked_words=len(linked.split()),
        targets=tuple(link.get("href").strip() for link in links),
        headings=headings,
        plain=_plain_text(element),
    )


def _plain_text(element: Any) -> str:
    """Return the text of an element that is outside of links, on one line."""
    from lxml import etree

    parts = list[str]()
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, each in walk:
        if event == "end":
            parts.append((each.tail or "") if each is not element else "")
        elif tag(each) == "a" and each.get("href") is not None:
            walk.skip_subtree()
        else:
            parts.append(each.text or "")
    return one_line(" ".join(parts))


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _has_only_links(measures: _Measures) -> bool:
    """Return True for a list of links without sentences or figures outside of the links.

    Return False if one of the links leads to a document, such as a PDF, because such a link is content.
    """
    if not measures.targets or measures.linked_letters < _LINK_SHARE * measures.letters:
        return False
    if any(_DOCUMENT.search(target.split("?")[0]) for target in measures.targets):
        return False
    limit = max(_MAX_PLAIN_WORDS, measures.linked_words // 4)
    return _says_nothing(measures.plain) and len(measures.plain.split()) <= limit


def _says_nothing(text: str) -> bool:
    """Return True for a text that contains no sentence and no figure other than a year."""
    return not _SENTENCE.search(text) and not _FACT.search(_YEAR.sub("", text))


def _is_contents(measures: _Measures, places: set[str]) -> bool:
    """Return True for a table of contents of the page: all of its links lead to `places`, the ids and names in the page."""
    return len(measures.targets) >= 3 and all(
        target.startswith("#") and target[1:] in places for target in measures.targets
    )


def _is_legal_line(text: str) -> bool:
    words = len(text.split())
    rest = _RIGHTS.sub("", _VERSION.sub("", text))
    return bool(_LEGAL.match(text)) and words <= _MAX_LEGAL_WORDS and _says_nothing(rest)


def _is_consent(element: Any, text: str, measures: _Measures) -> bool:
    """Return True for a cookie banner: it has a button for consent, or its name says so and it has only a few words."""
    if measures.words > _MAX_BANNER_WORDS or not _CONSENT.search(text):
        return False
    actions = [visible_text(each) or each.get("value") or "" for each in element.iter("button", "input")]
    asks = any(_CONSENT_ACTION.search(action) for action in actions)
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    is_named = bool(_CONSENT.search(names.replace("-", " ").replace("_", " ")))
    return asks or (is_named and measures.words <= _MAX_SIGNPOST_WORDS and not measures.headings)
