"""The text of OpenDocument paragraphs: spans, spaces, links, notes, comments and the drawings in them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import attribute, child
from engines.parsing.worker.office.symbols import NOT_TICKED, TICKED
from engines.parsing.worker.open_document.odf_styles import OdfStyles

_LINKS = ("http://", "https://", "ftp://", "mailto:", "tel:")
_MAX_SPACES = 1000
_DRAWINGS = frozenset({
    "caption", "circle", "connector", "control", "custom-shape", "ellipse", "frame", "g", "line", "measure", "path",
    "polygon", "polyline", "rect", "regular-polygon",
})  # fmt: skip
_SKIPPED = frozenset({
    "annotation-end", "bookmark", "bookmark-end", "bookmark-start", "change", "change-end", "change-start", "desc",
    "sequence-decls", "soft-page-break", "title", "tracked-changes",
})  # fmt: skip


@dataclass(slots=True)
class OdfNote:
    """A footnote, endnote or comment that is anchored in a paragraph."""

    label: str
    element: Any


@dataclass(slots=True)
class OdfParagraph:
    """The text of a paragraph, and the drawings and notes that are anchored in it."""

    parts: list[str] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)
    notes: list[OdfNote] = field(default_factory=list)
    hidden_words: int = 0

    @property
    def text(self) -> str:
        return "".join(self.parts)


class OdfText:
    """Converts paragraphs to text."""

    def __init__(self, styles: OdfStyles) -> None:
        self._styles = styles
        self._found = OdfParagraph()
        self._handlers: dict[str, Callable[[Any], None]] = {
            "s": self._spaces,
            "tab": lambda _: self._add("\t"),
            "line-break": lambda _: self._add("\n"),
            "a": self._link,
            "span": self._span,
            "note": self._note,
            "annotation": self._comment,
            "ruby": self._ruby,
            "hidden-text": self._hidden,
            "content-control": self._control,
            **dict.fromkeys(_DRAWINGS, lambda each: self._found.drawings.append(each)),
            **dict.fromkeys(_SKIPPED, lambda _: None),
        }

    def read(self, paragraph: Any) -> OdfParagraph:
        """Return the text of a paragraph, with line breaks as newlines, and its drawings and notes."""
        self._found = OdfParagraph()
        self._children(paragraph)
        return self._found

    def _add(self, text: str | None) -> None:
        self._found.parts.append(text or "")

    def _children(self, element: Any) -> None:
        self._add_words(element.text)
        for each in element:
            handler = self._handlers.get(local_name(each), self._children)
            handler(each)
            self._add_words(each.tail)

    def _add_words(self, text: str | None) -> None:
        """Add text from the file. Newlines in it are formatting of the XML and become spaces."""
        self._add(re.sub(r"\s+", " ", text) if text else "")

    def _spaces(self, element: Any) -> None:
        stated = attribute(element, "c")
        self._add(" " * min(_MAX_SPACES, int(stated) if stated.isdigit() else 1))

    def _span(self, element: Any) -> None:
        before = len(self._found.parts)
        self._children(element)
        if attribute(element, "style-name") in self._styles.hidden:
            self._found.hidden_words += len("".join(self._found.parts[before:]).split())

    def _hidden(self, element: Any) -> None:
        text = attribute(element, "string-value")
        self._add(text)
        self._found.hidden_words += len(text.split())

    def _control(self, element: Any) -> None:
        """Add the text of a content control: the state of a check box, or the text inside of another control."""
        if attribute(element, "checkbox") == "true":
            self._add(TICKED if attribute(element, "checked") == "true" else NOT_TICKED)
        else:
            self._children(element)

    def _link(self, element: Any) -> None:
        before = len(self._found.parts)
        self._children(element)
        words = "".join(self._found.parts[before:]).strip()
        target = attribute(element, "href")
        shown = re.sub(r"^(mailto|tel):", "", target, flags=re.I)
        if (
            words
            and target.lower().startswith(_LINKS)
            and re.sub(r"^https?://(www\.)?", "", shown).strip("/") not in words
        ):
            self._add(f" ({shown})")

    def _note(self, element: Any) -> None:
        body = child(element, "note-body")
        kind = "Endnote" if attribute(element, "note-class") == "endnote" else "Footnote"
        if body is not None:
            self._found.notes.append(OdfNote(kind, body))

    def _comment(self, element: Any) -> None:
        author = next((one_line(each.text or "") for each in element if local_name(each) == "creator"), "")
        self._found.notes.append(OdfNote(f"Comment by {author or 'unknown'}", element))

    def _ruby(self, element: Any) -> None:
        """Add the base text, followed by its reading in parentheses."""
        base, reading = child(element, "ruby-base"), child(element, "ruby-text")
        if base is not None:
            self._children(base)
        if reading is not None and (text := "".join(reading.itertext()).strip()):
            self._add(f"({text})")
