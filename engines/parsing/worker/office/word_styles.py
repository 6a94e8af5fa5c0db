"""Styles and numbering of Word documents: heading levels, list markers, and the formatting that table styles add."""

import re
from dataclasses import dataclass, field
from typing import Any

from engines.parsing.worker.office.package import OfficePackage, attribute, child, is_on, value

_HEADING_NAME = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|overskrift|nagłówek|заголовок|标题) ?([1-9])", re.I
)
_CODE_NAME = re.compile(
    r"\b(source ?code|code|html preformatted|preformatted text|listing|macro text|verbatim)\b", re.I
)
_MAX_LEVELS = 9
_MAX_STYLE_DEPTH = 20
_MAX_NUMBER = 5_000
"""Limit from which numbers are written in digits, even in lists with roman numerals or letters."""
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """The properties of a paragraph style, including inherited ones, by which paragraphs are converted."""

    name: str = ""
    outline_level: int | None = None
    "Level of a heading, from 1 on; None for other paragraphs."
    is_title: bool = False
    is_code: bool = False
    is_hidden: bool = False
    numbering: tuple[str, int] | None = None
    "Id of a list and the level in it, from 0."


@dataclass(frozen=True, slots=True)
class TableStyle:
    """True for a table style that emphasizes the first row or the first column, which are then headers."""

    has_header_row: bool = False
    has_header_column: bool = False


class Styles:
    """The styles of a document. They are identified by their ids."""

    def __init__(self, package: OfficePackage, part: str | None) -> None:
        root = package.tree(part) if part else None
        self._elements = (
            {attribute(each, "styleId"): each for each in root if attribute(each, "styleId")}
            if root is not None
            else {}
        )
        self._default = next(
            (
                style
                for style, each in self._elements.items()
                if attribute(each, "type") == "paragraph" and attribute(each, "default") in ("1", "true")
            ),
            "",
        )
        self._paragraphs: dict[str, ParagraphStyle] = {}
        self._tables: dict[str, TableStyle] = {}

    def paragraph(self, style: str) -> ParagraphStyle:
        """Return the paragraph style with the id `style`; return the default style for an empty or unknown id."""
        style = style if style in self._elements else self._default
        if style not in self._paragraphs:
            self._paragraphs[style] = self._inherited(style)
        return self._paragraphs[style]

    def table(self, style: str) -> TableStyle:
        """Return the table style with the id `style`; return a style without headers for an unknown id."""
        if style not in self._tables:
            parts = {attribute(part, "type") for each in self._chain(style) for part in each if _is_emphasized(part)}
            self._tables[style] = TableStyle("firstRow" in parts, "firstCol" in parts)
        return self._tables[style]

    def is_hidden_character(self, style: str) -> bool:
        """Return True if the character style with the id `style` hides text."""
        return any(is_on(child(each, "rPr", "vanish")) for each in self._chain(style))

    def _chain(self, style: str) -> list[Any]:
        """Return the element of a style, and those of the styles that it is based on, the nearest first."""
        found: list[Any] = []
        while style in self._elements and len(found) < _MAX_STYLE_DEPTH:
            found.append(self._elements[style])
            style = value(found[-1], "basedOn")
        return found

    def _inherited(self, style: str) -> ParagraphStyle:
        chain = self._chain(style)
        names = [value(each, "name") for each in chain]
        stated = next((found for each in chain if (found := value(each, "pPr", "outlineLvl"))), "")
        level = int(stated) + 1 if stated.isdigit() and int(stated) < _MAX_LEVELS else None
        if level is None and not stated:
            level = next((int(match[1]) for name in names if (match := _HEADING_NAME.match(name))), None)
        number = next((each for each in chain if child(each, "pPr", "numPr") is not None), None)
        return ParagraphStyle(
            name=names[0] if names else "",
            outline_level=level,
            is_title=any(name.lower() == "title" for name in names),
            is_code=any(map(_CODE_NAME.search, names)),
            is_hidden=any(is_on(child(each, "rPr", "vanish")) for each in chain),
            numbering=_numbering(child(number, "pPr", "numPr")) if number is not None else None,
        )


def _is_emphasized(part: Any) -> bool:
    """Return True for a part of a table style that is bold or has a background."""
    if not part.tag.endswith("}tblStylePr"):
        return False
    return is_on(child(part, "rPr", "b")) or child(part, "tcPr", "shd") is not None


def _numbering(properties: Any) -> tuple[str, int]:
    level = value(properties, "ilvl")
    return value(properties, "numId"), int(level) if level.isdigit() else 0


def paragraph_numbering(properties: Any, style: ParagraphStyle) -> tuple[str, int] | None:
    """Return the id of a paragraph's list and the level in it, from 0; None for a paragraph without a list.

    Both are stated by the paragraph or, if it states none, by its style.
    """
    own = child(properties, "numPr")
    if own is None:
        return style.numbering
    number, level = _numbering(own)
    return (number or (style.numbering or ("", 0))[0], level)


@dataclass(slots=True)
class _Level:
    format: str = "decimal"
    text: str = ""
    start: int = 1
    style: str = ""


@dataclass(slots=True)
class _List:
    abstract: str
    levels: dict[int, _Level] = field(default_factory=dict)
    restarts: set[int] = field(default_factory=set)
    "Levels whose numbers start again in this list, although it shares its counters with other lists."


class Numbering:
    """The lists of a document, and the counters of their items."""

    def __init__(self, package: OfficePackage, part: str | None) -> None:
        root = package.tree(part) if part else None
        abstracts, linked = dict[str, dict[int, _Level]](), dict[str, str]()
        self._lists: dict[str, _List] = {}
        for each in root if root is not None else ():
            key = attribute(each, "abstractNumId")
            if each.tag.endswith("}abstractNum"):
                abstracts[key] = _levels(each)
                if link := value(each, "styleLink"):
                    linked[link] = key
        for each in root if root is not None else ():
            if each.tag.endswith("}abstractNum") and (link := value(each, "numStyleLink")):
                abstracts[attribute(each, "abstractNumId")] = abstracts.get(linked.get(link, ""), {})
        for each in root if root is not None else ():
            if each.tag.endswith("}num"):
                self._lists[attribute(each, "numId")] = _list(each, abstracts)
        self._counters: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()

    def marker(self, number: str, level: int, style: str = "") -> str | None:
        """Count the next paragraph of a list and return its marker, such as `2.1`, or `-` for a bullet.

        Call it once for each paragraph, in order. `number` is the id of the list, and `level` the level in it, from 0. If
        the list defines a level for the paragraph style `style`, that level is used instead. Return None for an unknown list
        and for an empty marker.
        """
        found = self._lists.get(number)
        if found is None:
            return None
        if style:
            level = next((each for each, known in found.levels.items() if known.style == style), level)
        definition = found.levels.get(level, _Level(text=f"%{level + 1}."))
        if definition.format == "bullet":
            return "-"
        counters = self._counters.setdefault(found.abstract, {})
        if level in found.restarts and (number, level) not in self._begun:
            counters.pop(level, None)
        self._begun.add((number, level))
        counters[level] = counters.get(level, definition.start - 1) + 1
        for deeper in [each for each in counters if each > level]:
            del counters[deeper]
        if definition.format == "none" and "%" not in definition.text:
            return definition.text.strip() or None
        return (
            re.sub(r"%([1-9])", lambda match: self._number(found, counters, int(match[1]) - 1), definition.text).strip()
            or None
        )

    @staticmethod
    def _number(found: _List, counters: dict[int, int], level: int) -> str:
        definition = found.levels.get(level, _Level())
        return formatted_number(counters.setdefault(level, definition.start), definition.format)


def _levels(element: Any) -> dict[int, _Level]:
    found = {}
    for each in element:
        index = attribute(each, "ilvl")
        if each.tag.endswith("}lvl") and index.isdigit():
            start = value(each, "start")
            found[int(index)] = _Level(
                value(each, "numFmt") or "decimal",
                value(each, "lvlText"),
                int(start) if start.isdigit() else 1,
                value(each, "pStyle"),
            )
    return found


def _list(element: Any, abstracts: dict[str, dict[int, _Level]]) -> _List:
    abstract = value(element, "abstractNumId")
    found = _List(abstract, dict(abstracts.get(abstract, {})))
    for override in element:
        index = attribute(override, "ilvl")
        if override.tag.endswith("}lvlOverride") and index.isdigit():
            found.levels |= _levels(override)
            start = value(override, "startOverride")
            if start.isdigit():
                old = found.levels.get(int(index), _Level(text=f"%{int(index) + 1}."))
                found.levels[int(index)] = _Level(old.format, old.text, int(start), old.style)
                found.restarts.add(int(index))
    return found


def formatted_number(number: int, style: str) -> str:
    """Return a number in the format `style` of a list level, such as `lowerRoman`; in digits for an unknown format."""
    if style == "none":
        return ""
    if 0 < number < _MAX_NUMBER:
        if style in ("lowerLetter", "upperLetter"):
            letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
            return letters.upper() if style == "upperLetter" else letters
        if style in ("lowerRoman", "upperRoman"):
            roman, left = "", number
            for amount, letters in _ROMAN:
                roman += letters * (left // amount)
                left %= amount
            return roman.upper() if style == "upperRoman" else roman
    return f"{number:02}" if style == "decimalZero" else str(number)
