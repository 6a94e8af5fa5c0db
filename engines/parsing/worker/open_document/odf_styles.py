"""Styles of OpenDocument files: titles, listings, and the markers of lists."""

from dataclasses import dataclass, field
from typing import Any

from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import attribute, child
from engines.parsing.worker.office.word_styles import formatted_number

_FORMATS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class ListLevel:
    """The definition of the markers at one level of a list."""

    format: str | None = None
    "Format of the numbers; None for bullets."
    before: str = ""
    after: str = ""
    start: int = 1
    shown_levels: int = 1

    def marker(self, numbers: list[int], formats: list[str | None]) -> str:
        """Return the marker of an item. `numbers` and `formats` are those of all levels from the outermost to this one."""
        if self.format is None:
            return "-"
        shown = range(max(0, len(numbers) - self.shown_levels), len(numbers))
        parts = (formatted_number(numbers[level], formats[level] or "decimal") for level in shown)
        return f"{self.before}{'.'.join(parts)}{self.after}".strip()


@dataclass(slots=True)
class OdfStyles:
    """The styles that were read so far, by their names."""

    parents: dict[str, str] = field(default_factory=dict)
    bold: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    lists: dict[str, list[ListLevel]] = field(default_factory=dict)

    def add(self, element: Any) -> None:
        """Record a style or a list style; other elements are ignored."""
        name = attribute(element, "name")
        if local_name(element) == "style":
            self.parents[name] = attribute(element, "parent-style-name") or attribute(element, "display-name")
            text = child(element, "text-properties")
            if text is not None and attribute(text, "font-weight") in ("bold", "700", "800", "900"):
                self.bold.add(name)
            if text is not None and attribute(text, "display") == "none":
                self.hidden.add(name)
            page = child(element, "drawing-page-properties")
            if page is not None and attribute(page, "visibility") == "hidden":
                self.hidden.add(name)
        elif local_name(element) in ("list-style", "outline-style"):
            self.lists[name] = [_level(each) for each in element]

    def names(self, style: str) -> list[str]:
        """Return the names of a style and of the styles that it inherits from, the nearest first.

        The names are in lower case, and `_20_` in them is replaced by a space.
        """
        found: list[str] = []
        while style and len(found) < _MAX_DEPTH:
            found.append(style.replace("_20_", " ").lower())
            style = self.parents.get(style, "")
        return found

    def is_bold(self, style: str) -> bool:
        """Return True if a style, or one that it inherits from, is bold."""
        for _ in range(_MAX_DEPTH):
            if style in self.bold:
                return True
            style = self.parents.get(style, "")
        return False

    def is_hidden_page(self, style: str) -> bool:
        """Return True for the style of a slide that is left out of the show."""
        return style in self.hidden

    def level(self, style: str, depth: int) -> ListLevel:
        """Return a level of a list style. `depth` is the level, from 0. An undefined level has bullets."""
        levels = self.lists.get(style, [])
        return levels[depth] if depth < len(levels) else ListLevel()


def _level(element: Any) -> ListLevel:
    stated = attribute(element, "num-format")
    if local_name(element) not in ("list-level-style-number", "outline-level-style") or not stated:
        return ListLevel()
    start, shown = attribute(element, "start-value"), attribute(element, "display-levels")
    return ListLevel(
        _FORMATS.get(stated, "decimal"),
        attribute(element, "num-prefix"),
        attribute(element, "num-suffix"),
        int(start) if start.isdigit() else 1,
        int(shown) if shown.isdigit() else 1,
    )
