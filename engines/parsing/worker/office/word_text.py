"""The text of Word paragraphs: runs, fields, check boxes, symbols, equations, links and pictures."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.drawings import outside_text_boxes
from engines.parsing.worker.office.equations import equation_text
from engines.parsing.worker.office.package import Relation, attribute, child, is_on, value
from engines.parsing.worker.office.symbols import NOT_TICKED, TICKED, is_symbol_font, symbol
from engines.parsing.worker.office.word_styles import ParagraphStyle, Styles
from engines.parsing.worker.parse_context import ParseContext

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_CHOICES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_HYPERLINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.I)
_MONOSPACED = re.compile(r"courier|consol|menlo|monaco|\bmono\b|source code|fira code|lucida console|typewriter", re.I)
_LINKS = ("http://", "https://", "ftp://", "mailto:", "tel:")
_FILE_NAME = re.compile(r"\S+\.(png|jpe?g|gif|bmp|emf|wmf|tiff?|svg)", re.I)


@dataclass(slots=True)
class WordCounts:
    """Counts of a document's contents that are reported to the user: pictures, and contents that need a warning."""

    pictures: int = 0
    deletions: int = 0
    hidden_words: int = 0
    unknown_symbols: int = 0
    objects: list[str] = field(default_factory=list)
    "Names of the programs of embedded objects."
    unread: dict[str, int] = field(default_factory=dict)
    "Counts of other contents that were not read. The key is the name of the content in the warning, such as `handwriting`."

    def add_unread(self, name: str) -> None:
        self.unread[name] = self.unread.get(name, 0) + 1


@dataclass(slots=True)
class Paragraph:
    """The text of a paragraph, and the drawings that are anchored in it."""

    parts: list[str] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)
    "Elements `drawing`, `pict` and `object`. Their text boxes and charts follow the paragraph."
    is_monospaced: bool = True
    "True if the paragraph has text and all of it is in a monospaced font."

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass(slots=True)
class _Field:
    """A field: an instruction, followed by the result that Word shows. `has_result` is True once the result has begun."""

    instruction: str = ""
    has_result: bool = False


class WordText:
    """Converts the paragraphs of one part of a document to text."""

    def __init__(
        self, styles: Styles, relations: dict[str, Relation], counts: WordCounts, context: ParseContext
    ) -> None:
        self._context = context
        self._styles = styles
        self._relations = relations
        self._counts = counts
        self._fields: list[_Field] = []
        self._found = Paragraph()
        self._style = ParagraphStyle()
        self._handlers: dict[str, Callable[[Any], None]] = {
            f"{_WORD}r": self._run,
            f"{_WORD}hyperlink": self._hyperlink,
            f"{_WORD}sdt": self._control,
            f"{_WORD}del": self._deletion,
            f"{_WORD}moveFrom": self._deletion,
            f"{_WORD}ruby": self._ruby,
            f"{_WORD}t": lambda each: self._add(each.text or ""),
            f"{_WORD}tab": lambda _: self._add("\t"),
            f"{_WORD}ptab": lambda _: self._add("\t"),
            f"{_WORD}br": lambda _: self._add("\n"),
            f"{_WORD}cr": lambda _: self._add("\n"),
            f"{_WORD}noBreakHyphen": lambda _: self._add("-"),
            f"{_WORD}sym": lambda each: self._add_symbol(
                attribute(each, "font"), int(attribute(each, "char") or "0", 16)
            ),
            f"{_WORD}fldChar": self._field_character,
            f"{_WORD}instrText": self._instruction,
            f"{_WORD}drawing": self._found_drawing,
            f"{_WORD}pict": self._found_drawing,
            f"{_WORD}object": self._found_drawing,
            f"{_WORD}subDoc": lambda _: self._counts.add_unread("subdocuments"),
            f"{_WORD}contentPart": lambda _: self._counts.add_unread("handwriting"),
            f"{_MATH}oMath": self._equation,
            f"{_MATH}oMathPara": self._equations,
            _CHOICES: self._choice,
            **dict.fromkeys(
                (f"{_WORD}{name}" for name in ("pPr", "rPr", "delText", "sdtPr", "rt", "tbl", "p")), lambda _: None
            ),
        }

    def read(self, paragraph: Any, style: ParagraphStyle) -> Paragraph:
        """Return the text of a paragraph, with its tabs and line breaks, and its drawings."""
        self._found, self._style, self._fields = Paragraph(), style, []
        self._children(paragraph)
        found = self._found
        found.is_monospaced = found.is_monospaced and bool(found.text.strip())
        return found

    def _children(self, element: Any) -> None:
        for each in element:
            handler = self._handlers.get(each.tag)
            if handler:
                handler(each)
            else:
                self._children(each)

    def _add(self, text: str) -> None:
        if not any(not each.has_result for each in self._fields):
            self._found.parts.append(text)

    def _add_symbol(self, font: str, code: int) -> None:
        found = symbol(font, code)
        if found is None:
            self._counts.unknown_symbols += 1
        self._add(found or "�")

    def _run(self, run: Any) -> None:
        before = len(self._found.parts)
        self._children(run)
        properties = child(run, "rPr")
        added = self._found.parts[before:]
        if not any(map(str.strip, added)):
            return
        font = (
            attribute(fonts, "ascii") or attribute(fonts, "hAnsi")
            if (fonts := child(properties, "rFonts")) is not None
            else ""
        )
        if is_symbol_font(font):
            del self._found.parts[before:]
            for character in "".join(added):
                self._add_symbol(font, ord(character)) if character not in "\t\n" else self._add(character)
        if self._is_hidden(properties):
            self._counts.hidden_words += len("".join(added).split())
        self._found.is_monospaced &= bool(_MONOSPACED.search(font))

    def _is_hidden(self, properties: Any) -> bool:
        stated = child(properties, "vanish")
        if stated is not None:
            return is_on(stated)
        return self._style.is_hidden or self._styles.is_hidden_character(value(properties, "rStyle"))

    def _hyperlink(self, link: Any) -> None:
        before = len(self._found.parts)
        self._children(link)
        relation = self._relations.get(attribute(link, "id"))
        if relation and relation.is_external:
            self._add_target(relation.target, before)

    def _add_target(self, target: str, before: int) -> None:
        """Add the target of a link in parentheses, unless the words of the link contain it.

        `before` is the number of parts of the paragraph before the link.
        """
        shown = re.sub(r"^(mailto|tel):", "", target, flags=re.I)
        words = "".join(self._found.parts[before:]).strip()
        is_shown = _plain(shown) in _plain(words)
        if words and target.lower().startswith(_LINKS) and not is_shown:
            self._add(f" ({shown.split('?')[0] if shown != target else shown})")

    def _control(self, control: Any) -> None:
        """Add the text of a content control: the state of a check box, or the text inside of another control."""
        box = child(control, "sdtPr", "checkbox")
        if box is not None:
            self._add(TICKED if is_on(child(box, "checked")) else NOT_TICKED)
        else:
            self._children(control)

    def _deletion(self, element: Any) -> None:
        self._counts.deletions += any(local_name(each) in ("delText", "t") and each.text for each in element.iter())

    def _ruby(self, element: Any) -> None:
        """Add the base text, followed by its reading in parentheses."""
        self._children(element)
        reading = "".join(
            each.text or ""
            for each in element.iter(f"{_WORD}t")
            if any(local_name(up) == "rt" for up in each.iterancestors())
        )
        self._add(f"({reading})" if reading else "")

    def _field_character(self, element: Any) -> None:
        kind = attribute(element, "fldCharType")
        if kind == "begin":
            self._form_field(child(element, "ffData"))
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].has_result = True
        elif kind == "end" and self._fields:
            target = _HYPERLINK.match(self._fields.pop().instruction)
            if target:
                self._add_target(target[1], 0)

    def _instruction(self, element: Any) -> None:
        if self._fields:
            self._fields[-1].instruction += element.text or ""

    def _form_field(self, data: Any) -> None:
        """Add the state of a check box or the choice of a list. The value of a text field is read as the field's result."""
        if data is None:
            return
        box, choice = child(data, "checkBox"), child(data, "ddList")
        if box is not None:
            self._add(TICKED if is_on(child(box, "checked"), is_on(child(box, "default"))) else NOT_TICKED)
        elif choice is not None:
            entries = [attribute(each, "val") for each in choice if local_name(each) == "listEntry"]
            chosen = value(choice, "result") or value(choice, "default") or "0"
            if chosen.isdigit() and int(chosen) < len(entries):
                self._add(entries[int(chosen)])

    def _found_drawing(self, element: Any) -> None:
        self._found.drawings.append(element)
        for each in outside_text_boxes(element):
            name = local_name(each)
            if name == "docPr" or (name == "shape" and each.get("alt")):
                description = one_line(each.get("descr") or each.get("alt") or "")
                if description and not _FILE_NAME.fullmatch(description):
                    self._add(f" [Image: {description}] ")
            elif name == "textpath" and each.get("string"):
                self._add(f" {each.get('string')} ")
            elif name in ("pic", "imagedata") and local_name(element) != "object":
                self._counts.pictures += 1
            elif name == "OLEObject":
                self._counts.objects.append(each.get("ProgID") or "unknown program")

    def _equation(self, element: Any) -> None:
        text = equation_text(element, self._context)
        is_after_equation = bool(self._found.parts) and self._found.parts[-1].endswith("$")
        self._add(f" {text}" if text and is_after_equation else text)

    def _equations(self, element: Any) -> None:
        for number, each in enumerate(element.iter(f"{_MATH}oMath")):
            self._add("\n" if number else "")
            self._equation(each)

    def _choice(self, element: Any) -> None:
        """Read the first of several alternative versions of a content that adds text or drawings."""
        before = len(self._found.parts), len(self._found.drawings)
        for version in element:
            self._children(version)
            if (len(self._found.parts), len(self._found.drawings)) != before:
                return


def _plain(text: str) -> str:
    return re.sub(r"^https?://(www\.)?", "", text.casefold()).strip("/ ")
