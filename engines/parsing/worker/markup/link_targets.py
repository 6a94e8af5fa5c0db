"""Targets of links: decides which of them are useful to a reader and are included in the text."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.html_tree import HtmlTree

_MAX_SITE_LINKS = 40
"""Maximum number of links to the same site on a page whose targets are shown. More targets would bury the text."""
_MAX_TARGET_LENGTH = 300
"""Maximum length, in characters, of a target that is shown. Longer ones are addresses of trackers and data."""
_NO_TARGET = ("javascript:", "data:", "about:", "blob:", "cid:", "#")
_PAGE = re.compile(r"(\.(x?html?|php\d?|aspx?|jsp|cgi|do))?", re.I)
_EXTENSION = re.compile(r"\.\w{1,5}$")


@dataclass(slots=True)
class LinkTargets:
    """Decides which targets of a page's links are shown, and counts those that are left out."""

    host: str = ""
    "Host of the page's own address; empty if the page does not state its address."
    shows_site_links: bool = True
    left_out: int = 0
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def of_page(cls, tree: HtmlTree) -> "LinkTargets":
        """Create the object for a page, from the page's own address and the number of its links to the same site."""
        host = _page_host(tree.root)
        links = cls(host)
        targets = [element.get("href") or "" for element in tree.body.iter("a")]
        links.shows_site_links = sum(links._is_site_page(target.strip()) for target in targets) <= _MAX_SITE_LINKS
        return links

    def shown_target(self, link: Any, text: str) -> str | None:
        """Return the target to show after the text of a link; None if the target is not shown.

        `text` is the text of the link. A target that the text already contains is not shown.
        """
        target = "".join((link.get("href") or "").split())
        if not target or target.lower().startswith(_NO_TARGET):
            return None
        address = re.sub(r"^(mailto|tel):", "", unquote(target), flags=re.I)
        if address != unquote(target):
            address = address.split("?")[0]
        shown = _plain(address)
        if shown == _plain(text) or (shown in _plain(text) and not shown.isalnum()):
            return None
        if len(target) > _MAX_TARGET_LENGTH or (not self.shows_site_links and self._is_site_page(target)):
            self.left_out += 1
            return None
        return one_line(address if address != unquote(target) else target)

    def _is_site_page(self, target: str) -> bool:
        """Return True for a link to a page of the same site, but not for a file to download."""
        if not target or target.lower().startswith((*_NO_TARGET, "mailto:", "tel:")):
            return False
        try:
            parts = urlsplit(target)
        except ValueError:
            return False
        if parts.netloc and parts.netloc.lower().removeprefix("www.") != self.host:
            return False
        extension = _EXTENSION.search(parts.path)
        return not parts.scheme.startswith("ftp") and bool(_PAGE.fullmatch(extension[0] if extension else ""))


def _page_host(root: Any) -> str:
    stated = [
        *(each.get("href") for each in root.iter("link") if (each.get("rel") or "").lower() == "canonical"),
        *(each.get("content") for each in root.iter("meta") if each.get("property") == "og:url"),
        *(each.get("href") for each in root.iter("base")),
    ]
    for address in stated:
        try:
            if host := urlsplit(address or "").netloc.lower():
                return host.removeprefix("www.")
        except ValueError:
            continue
    return ""


def _plain(address: str) -> str:
    return re.sub(r"^https?://(www\.)?", "", address.casefold()).strip("/ ")
