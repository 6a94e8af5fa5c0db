"""Conversion of RTF to blocks. Groups that RTF marks as ignorable are skipped, except those in `READ_IGNORABLE`."""

import re
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field

from engines.parsing.parsing_limits import above_limit
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.rtf.rtf_characters import RtfCharacters
from engines.parsing.worker.rtf.rtf_fields import RtfFields
from engines.parsing.worker.rtf.rtf_flow import RtfFlow
from engines.parsing.worker.rtf.rtf_fonts import code_page
from engines.parsing.worker.rtf.rtf_group import RtfGroup
from engines.parsing.worker.rtf.rtf_tables import RtfCell, RtfRow
from engines.parsing.worker.rtf.rtf_tokens import Token, Tokens
from engines.parsing.worker.rtf.rtf_words import (
    CHARACTERS,
    COLLECTED,
    HEADING,
    INFO,
    NOTES,
    READ_IGNORABLE,
    SKIPPED,
    list_marker,
)  # fmt: skip

_MAX_GROUPS = 2000
_MAX_TABLES = 50
_MATH_PROPERTIES = re.compile(r"m\w*Pr")


@dataclass(slots=True)
class RtfDocument:
    """Converts one RTF text to blocks, and counts deletions, hidden words and embedded objects."""

    context: ParseContext
    deletions: int = 0
    hidden_words: int = 0
    objects: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    _characters: RtfCharacters = field(default_factory=RtfCharacters)
    _groups: list[RtfGroup] = field(default_factory=lambda: [RtfGroup()])
    _flows: list[RtfFlow] = field(default_factory=list)
    _notes: list[Block] = field(default_factory=list)
    _levels: dict[int, int] = field(default_factory=dict)
    "Heading levels by the numbers of styles."
    _fields: RtfFields = field(default_factory=RtfFields)
    _rows: tuple[RtfRow, RtfRow] = field(default_factory=lambda: (RtfRow(), RtfRow()))
    "Definition of the next row of an outermost table, and of the next row of a nested table."
    _cell: RtfCell = field(default_factory=lambda: RtfCell(0))
    _is_ignorable: bool = False
    _default_font: int | None = None
    _author: str = ""
    _handlers: dict[str, Callable[[Token], None]] = field(default_factory=dict)

    def blocks(self, tokens: Tokens, size: int) -> Iterator[Block]:
        """Yield the blocks of the body, then the notes. `size` is the length of the file in bytes, for the progress.

        `properties` is complete before the first block.
        """
        body = RtfFlow(self.context)
        self._flows = [body]
        self._handlers = self._text_handlers() | self._paragraph_handlers()
        for token in tokens:
            self._read(token)
            if token.word in ("par", "row", "sect"):
                self.context.fraction = min(1.0, tokens.position / max(1, size))
                yield from body.ready()
        self._flush()
        while len(self._groups) > 1:
            self._end_group()
        yield from body.finish(self._level())
        yield from dict.fromkeys(self._notes)

    def warn(self) -> None:
        """Add warnings about deletions, hidden words and embedded objects. Call it after the last block."""
        self.context.warn_of_revision(self.deletions, self.hidden_words)
        if self.objects:
            listed = ", ".join(dict.fromkeys(self.objects))
            self.context.warnings.append(f"{len(self.objects):,} embedded objects were not read: {listed}.")

    def _read(self, token: Token) -> None:
        if token.raw:
            self._characters.add_raw(token.raw)
            return
        if token.text:
            if not self._characters.skip_if_fallback():
                self._flush()
                self._add(token.text)
            return
        self._flush()
        if token.word == "*":
            self._is_ignorable = True
            return
        self._word(token)
        self._is_ignorable = False

    def _word(self, token: Token) -> None:
        word, group = token.word, self._groups[-1]
        if word == "{":
            self._begin_group()
        elif word == "}":
            self._end_group()
        elif group.skip and word != "ud":
            return
        elif word in SKIPPED or _MATH_PROPERTIES.fullmatch(word) or (self._is_ignorable and word not in READ_IGNORABLE):
            group.skip = True
        elif handler := self._handlers.get(word):
            handler(token)
        elif word in CHARACTERS:
            self._add(CHARACTERS[word])
        elif word in COLLECTED or (word in INFO and group.in_info):
            self._begin(word, collects=True)
        elif word in NOTES or word in ("shptxt", "dptxbxtext"):
            self._begin(word, collects=False)

    def _text_handlers(self) -> dict[str, Callable[[Token], None]]:
        """Return the handlers of the control words for encodings and formatting."""
        fonts = self._characters.fonts
        return {
            "u": self._unicode,
            "uc": lambda token: self._set(fallback=max(0, token.number or 0)),
            "ud": lambda _: self._set(skip=False),
            "ansicpg": lambda token: setattr(fonts, "default", code_page(token.number or 1252)),
            "mac": lambda _: setattr(fonts, "default", "mac-roman"),
            "pc": lambda _: setattr(fonts, "default", "cp437"),
            "pca": lambda _: setattr(fonts, "default", "cp850"),
            "deff": lambda token: setattr(self, "_default_font", token.number),
            "f": lambda token: self._set(font=token.number),
            "fcharset": lambda token: fonts.set_charset(self._groups[-1].font or 0, token.number or 0),
            "cpg": lambda token: fonts.set_code_page(self._groups[-1].font or 0, token.number or 0),
            "b": lambda token: self._set(bold=token.number != 0),
            "v": lambda token: self._set(hidden=token.number != 0),
            "deleted": lambda token: self._set(deleted=token.number != 0),
            "plain": lambda _: self._set(font=self._default_font, bold=False, hidden=False, deleted=False),
            "info": lambda _: self._set(in_info=True),
            "upr": lambda _: self._set(destination="upr"),
            "field": lambda _: self._set(destination="field", owns=True, field_start=len(self._flows[-1].text)),
            "ftnalt": lambda _: self._set(destination="endnote"),
            "pict": self._picture,
            **dict.fromkeys(("fftype", "ffres", "ffdefres"), self._fields.set_property),
        }

    def _paragraph_handlers(self) -> dict[str, Callable[[Token], None]]:
        """Return the handlers of the control words for paragraphs and tables."""
        return {
            "pard": lambda _: self._set(outline=None, style=0, nesting=0),
            "s": lambda token: self._set(style=token.number or 0),
            "outlinelevel": lambda token: self._set(outline=(token.number or 0) + 1),
            "intbl": lambda _: self._set(nesting=max(1, self._groups[-1].nesting)),
            "itap": lambda token: self._set(nesting=min(_MAX_TABLES, max(0, token.number or 0))),
            "par": lambda _: self._end_paragraph(),
            "sect": lambda _: self._end_paragraph(),
            "cell": lambda _: self._flows[-1].end_cell(1),
            "nestcell": lambda _: self._flows[-1].end_cell(max(2, self._groups[-1].nesting)),
            "row": lambda _: self._flows[-1].end_row(self._rows[0], 1),
            "nestrow": lambda _: self._flows[-1].end_row(self._rows[1], max(2, self._groups[-1].nesting)),
            "trowd": self._begin_row,
            "trhdr": lambda _: setattr(self._row(), "is_header", True),
            "clmrg": lambda _: setattr(self._cell, "continues_left", True),
            "clvmgf": lambda _: setattr(self._cell, "starts_below", True),
            "clvmrg": lambda _: setattr(self._cell, "continues_above", True),
            "cellx": self._define_cell,
            "nesttableprops": lambda _: self._set(destination="nesttableprops"),
        }

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self._groups[-1], name, value)

    def _begin_group(self) -> None:
        if len(self._groups) >= _MAX_GROUPS:
            raise above_limit(f"The document's groups are nested more than {_MAX_GROUPS:,} levels deep. Simplify it.")
        group = copy(self._groups[-1])
        group.owns = False
        group.skip |= group.destination == "upr"
        if group.destination in ("upr", "field"):
            group.destination = ""
        self._groups.append(group)
        self._characters.end_fallback()

    def _end_group(self) -> None:
        self._characters.end_fallback()
        if len(self._groups) == 1:
            return
        group = self._groups.pop()
        if group.destination == "stylesheet" and group.collected is not None:
            self._define_style(group)
        if group.owns and not group.skip:
            self._end(group)

    def _begin(self, word: str, *, collects: bool) -> None:
        """Begin a destination, the target of the group's text.

        It is a property, whose text is collected, or a text outside of the body, such as a footnote.
        """
        self._set(destination=word, owns=True, collected=[] if collects else None)
        if not collects:
            self._set(nesting=0)
            self._flows.append(RtfFlow(self.context))

    def _end(self, group: RtfGroup) -> None:
        text = "".join(group.collected or ())
        if group.destination in INFO:
            self.properties[INFO[group.destination]] = one_line(text)
        elif group.destination == "fldinst":
            self._add(self._fields.end_instruction(text))
        elif group.destination == "field":
            self._add(self._fields.target_after("".join(self._flows[-1].text[group.field_start :])))
        elif group.destination == "ffl":
            self._fields.choices.append(one_line(text))
        elif group.destination in ("listtext", "pntext"):
            self._flows[-1].marker = list_marker(text)
        elif group.destination == "atnauthor":
            self._author = one_line(text)
        elif group.destination == "objclass":
            self.objects.append(one_line(text))
        elif group.collected is None:
            self._end_text(group.destination)

    def _end_text(self, destination: str) -> None:
        """End a text outside of the body: add it as a note, or insert a text box before the current paragraph."""
        blocks = self._flows.pop().finish()
        if destination in ("shptxt", "dptxbxtext"):
            self._flows[-1].insert(blocks, self._groups[-1].nesting)
            return
        label = NOTES.get(destination, "Endnote")
        if destination == "annotation":
            label, self._author = f"Comment by {self._author or 'unknown'}", ""
        if text := "\n".join(one_line(block.text) for block in blocks):
            self._notes.append(Block(BlockKind.NOTE, f"{label}: {text}"))

    def _define_style(self, group: RtfGroup) -> None:
        """Record the heading level of a style, by the style's name or outline level. Other styles have none."""
        name = "".join(group.collected or ()).strip().rstrip(";")
        group.collected.clear() if group.collected is not None else None
        named = HEADING.match(name)
        if named or (group.outline and group.outline < 10):
            self._levels[group.style] = int(named[1]) if named else group.outline or 1
        elif name.lower() == "title":
            self._levels[group.style] = 1

    def _row(self) -> RtfRow:
        is_nested = any(group.destination == "nesttableprops" for group in self._groups)
        return self._rows[is_nested]

    def _begin_row(self, _: Token) -> None:
        row = self._row()
        row.definitions, row.is_header, self._cell = [], False, RtfCell(0)

    def _define_cell(self, token: Token) -> None:
        self._cell.right = token.number or 0
        self._row().definitions.append(self._cell)
        self._cell = RtfCell(0)

    def _unicode(self, token: Token) -> None:
        group = self._groups[-1]
        self._add(self._characters.unicode(token.number or 0, group.font, group.fallback))

    def _picture(self, _: Token) -> None:
        if not self._groups[-1].skip:
            self.context.pictures = (self.context.pictures or 0) + 1
        self._groups[-1].skip = True

    def _flush(self) -> None:
        self._add(self._characters.decoded(self._groups[-1].font))

    def _add(self, text: str) -> None:
        group = self._groups[-1]
        if group.skip or not text:
            return
        if group.destination == "fonttbl":
            self._characters.fonts.set_name(group.font or 0, text.strip().rstrip(";"))
        elif group.collected is not None:
            group.collected.append(text)
        elif group.deleted:
            self.deletions += bool(text.strip())
        elif not group.in_info:
            self.hidden_words += len(text.split()) if group.hidden else 0
            self._flows[-1].add(text, is_bold=group.bold)

    def _level(self) -> int | None:
        group = self._groups[-1]
        if group.outline is not None:
            return group.outline if group.outline < 10 else None
        return self._levels.get(group.style)

    def _end_paragraph(self) -> None:
        if not self._groups[-1].skip and self._groups[-1].collected is None:
            self._flows[-1].end_paragraph(self._level(), self._groups[-1].nesting)
