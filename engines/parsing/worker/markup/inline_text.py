"""Text within one paragraph of a web page: formatted words, links, pictures, form fields, exponents and note marks."""

import re
from collections.abc import Callable
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.html_tree import NEVER_SHOWN, tag
from engines.parsing.worker.markup.link_targets import LinkTargets

LINE_BREAK = "\v"
"""Stands for `<br>` until whitespace has been collapsed."""
_NOTE_MARK = re.compile(r"\[?(\d{1,3}|[*†‡§]|[a-z])\]?")
_EXPONENT = re.compile(r"[-+−]?\d{1,4}")
_SUPERSCRIPTS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_DELETED = ("del", "s", "strike")
_WITHOUT_VALUE = frozenset({"hidden", "password", "file", "image", "reset", "submit", "button", "range", "color"})
_SPACED = frozenset({"button", "label", "option", "output", "textarea", "select"})
"""Elements that browsers show with a gap to the words beside them."""


class InlineText:
    """Converts inline elements to text. Pictures become their alternative text.

    The targets of links are collected until `with_targets` is called. Without `links`, they are not collected.
    """

    def __init__(self, links: LinkTargets | None) -> None:
        self._links = links
        self._targets: list[tuple[str, str]] = []
        self._rendered: dict[str, Callable[[Any], str]] = {
            "br": lambda _: LINE_BREAK,
            "a": self._link,
            "img": picture_text,
            "svg": _drawing_text,
            "math": self._formula,
            "sup": self._superscript,
            "q": lambda element: f"“{self.of_children(element).strip()}”",
            "ruby": self._ruby,
            "input": _field_value,
            "select": self._selected,
            "abbr": self._abbreviation,
            "iframe": lambda _: "",
            **dict.fromkeys(NEVER_SHOWN, lambda _: ""),
            **dict.fromkeys(_DELETED, self._deleted),
            **dict.fromkeys(_SPACED - {"select"}, lambda element: f" {self.of_children(element)} "),
        }

    def of(self, element: Any) -> str:
        """Return the text of an element, with whitespace as in the source."""
        render = self._rendered.get(tag(element))
        return render(element) if render else self.of_children(element)

    def of_children(self, element: Any) -> str:
        """Return the text of an element's content, whatever the element itself is."""
        parts = [element.text or ""]
        for child in element:
            parts += (" " if _follows_a_link(child) else "", self.of(child), child.tail or "")
        return "".join(parts)

    def _link(self, element: Any) -> str:
        """Return the text of a link, and collect its target.

        Return an empty text for a link to the same page that contains no letters or digits, such as `¶`.
        """
        text = self.of_children(element)
        is_local = (element.get("href") or "").startswith("#")
        if is_local and text.strip() and not any(character.isalnum() for character in text):
            return ""
        words = one_line(text)
        if words and self._links and (target := self._links.shown_target(element, words)):
            self._targets.append((words, target))
        return text

    def with_targets(self, text: str, separator: str = "\n") -> str:
        """Return the text of a paragraph, followed by the collected targets of its links.

        Targets are not inserted into the text, so that its sentences remain complete. The target of a link that ends the
        paragraph follows directly after it.
        """
        targets, self._targets = self._targets, []
        if not targets or not text:
            return text
        words, last = targets[-1]
        lines = [f"[{words}]: {target}" for words, target in dict.fromkeys(targets)]
        if text.rstrip(" .;:!?").endswith(words):
            lines.pop()
            text = f"{text} ({last})"
        return separator.join([text, *lines])

    def _superscript(self, element: Any) -> str:
        """Return a footnote mark in brackets, an exponent as superscript digits or after `^`, other text unchanged."""
        text = self.of_children(element)
        mark = text.strip()
        before = _character_before(element)
        is_link = element.find(".//a") is not None or any(tag(parent) == "a" for parent in element.iterancestors())
        if is_link and (match := _NOTE_MARK.fullmatch(mark)):
            return f"[{match[1]}]" if before else f"[{match[1]}] "
        if _EXPONENT.fullmatch(mark) and before and not before.isspace():
            return f"^{mark}" if before.isdigit() else mark.translate(_SUPERSCRIPTS)
        return text

    def _deleted(self, element: Any) -> str:
        text = self.of_children(element)
        return f"~~{text.strip()}~~" if text.strip() else text

    def _ruby(self, element: Any) -> str:
        """Return the base text, followed by its reading in parentheses."""
        base, reading = [element.text or ""], []
        for child in element:
            if tag(child) in ("rt", "rtc"):
                reading.append(self.of_children(child).strip())
            elif tag(child) != "rp":
                base.append(self.of(child))
            base.append(child.tail or "")
        text = "".join("".join(base).split())
        return f"{text}({''.join(reading)})" if any(reading) else text

    def _formula(self, element: Any) -> str:
        """Return a formula as TeX if the page contains the TeX; otherwise return its characters."""
        notes = (each for each in element.iter() if isinstance(each.tag, str) and each.tag.endswith("annotation"))
        tex = next((each.text for each in notes if "tex" in (each.get("encoding") or "") and each.text), None)
        return tex or element.get("alttext") or self.of_children(element)

    def _abbreviation(self, element: Any) -> str:
        text, title = self.of_children(element), one_line(element.get("title") or "")
        return f"{text} ({title})" if title and title.casefold() not in text.casefold() else text

    def _selected(self, element: Any) -> str:
        """Return the selected options of a list. If none is selected, return all options, because they can be facts."""
        options = list(element.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options
        return " " + ", ".join(filter(None, (one_line(self.of_children(option)) for option in chosen))) + " "


def collapse(text: str) -> str:
    """Return a text with each group of whitespace as one space, and with `LINE_BREAK` as a newline."""
    lines = (one_line(line) for line in text.split(LINE_BREAK))
    return "\n".join(lines).strip()


def _follows_a_link(element: Any) -> bool:
    """Return True for a link directly after another one. Menus separate such links by their style only."""
    previous = element.getprevious() if tag(element) == "a" else None
    return previous is not None and tag(previous) == "a" and not previous.tail


def _character_before(element: Any) -> str:
    """Return the character directly before an element; an empty string if the element is the first in its parent."""
    previous, parent = element.getprevious(), element.getparent()
    if previous is not None:
        text = previous.tail or "".join(previous.itertext())
    else:
        text = (parent.text or "") if parent is not None else ""
    return text[-1:]


def picture_text(element: Any) -> str:
    """Return the alternative text of a picture as `[Image: text]`; a sign such as an emoji is returned unchanged."""
    if element.get("aria-hidden") == "true":
        return ""
    text = one_line(element.get("alt") or element.get("aria-label") or "")
    if not text:
        return ""
    return f" [Image: {text}] " if any(character.isalnum() for character in text) else text


def _drawing_text(element: Any) -> str:
    """Return the text elements inside of an SVG drawing."""
    texts = (
        one_line("".join(each.itertext()))
        for each in element.iter()
        if tag(each).rpartition("}")[2] in ("text", "title", "desc")
    )
    words = ", ".join(dict.fromkeys(filter(None, texts)))
    return f" [Image: {words}] " if words and element.get("aria-hidden") != "true" else ""


def _field_value(element: Any) -> str:
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return " [x] " if element.get("checked") is not None else " [ ] "
    return "" if kind in _WITHOUT_VALUE else f" {element.get('value') or ''} "
