"""Extraction of the HTML that Outlook stores inside of RTF. Source: MS-OXRTFEX (encapsulation of HTML in RTF)."""

from copy import copy
from dataclasses import dataclass
from html import escape

from engines.parsing.parsing_limits import above_limit
from engines.parsing.worker.rtf.rtf_characters import RtfCharacters
from engines.parsing.worker.rtf.rtf_fonts import code_page
from engines.parsing.worker.rtf.rtf_tokens import Token, Tokens
from engines.parsing.worker.rtf.rtf_words import CHARACTERS

_MARK = b"\\fromhtml"
_MARK_PLACE = 4096
"""Number of bytes at the start of RTF in which the mark of encapsulated HTML is searched."""
_SKIPPED = frozenset({"fonttbl", "colortbl", "stylesheet", "info", "pntext", "listtext", "pict"})
_BREAKS = {"par": "\r\n", "line": "<br>\r\n", "sect": "\r\n"}
_MAX_GROUPS = 2000


def contains_html(content: bytes) -> bool:
    """Return True if RTF was generated from HTML and contains this HTML."""
    return _MARK in content[:_MARK_PLACE]


@dataclass(slots=True)
class _Group:
    is_tag: bool = False
    "True inside of a group that contains HTML markup (`\\htmltag`)."
    is_rtf: bool = False
    "True for RTF that programs without HTML need and that is not a part of the HTML (`\\htmlrtf`)."
    skip: bool = False
    is_font_table: bool = False
    font: int | None = None
    fallback: int = 1


def html_of(content: bytes) -> str:
    """Return the HTML that RTF contains. Raises `DocumentUnreadable` (PARSER_LIMIT) for too many nested groups."""
    return _HtmlReader().read(content)


class _HtmlReader:
    """Collects the HTML: the markup in groups of its own, and the text between these groups, which it escapes."""

    def __init__(self) -> None:
        self._characters = RtfCharacters()
        self._groups = [_Group()]
        self._is_ignorable = False
        self._found: list[str] = []

    def read(self, content: bytes) -> str:
        for token in Tokens(content):
            if token.raw:
                self._characters.add_raw(token.raw)
            elif token.text:
                if not self._characters.skip_if_fallback():
                    self._flush()
                    self._add(token.text)
            else:
                self._flush()
                self._word(token)
                self._is_ignorable = token.word == "*"
        self._flush()
        return "".join(self._found)

    def _word(self, token: Token) -> None:
        word, group, fonts = token.word, self._groups[-1], self._characters.fonts
        if word in "{}":
            self._change_group(word)
        elif word == "htmltag":
            group.is_tag, group.skip = True, False
        elif word == "htmlrtf":
            group.is_rtf = token.number != 0
        elif word in _SKIPPED or (self._is_ignorable and word != "*"):
            group.skip, group.is_font_table = True, word == "fonttbl"
        elif word == "f":
            group.font = token.number
        elif word == "fcharset" and group.is_font_table:
            fonts.set_charset(group.font or 0, token.number or 0)
        elif word == "cpg" and group.is_font_table:
            fonts.set_code_page(group.font or 0, token.number or 0)
        elif word == "ansicpg":
            fonts.default = code_page(token.number or 1252)
        elif word == "uc":
            group.fallback = token.number or 0
        elif word == "u":
            self._add(self._characters.unicode(token.number or 0, group.font, group.fallback))
        elif word in _BREAKS:
            self._add("\r\n" if group.is_tag else _BREAKS[word], is_markup=True)
        elif word in CHARACTERS:
            self._add(CHARACTERS[word])

    def _change_group(self, brace: str) -> None:
        self._characters.end_fallback()
        if brace == "{":
            if len(self._groups) >= _MAX_GROUPS:
                raise above_limit("The message's RTF text is nested too deeply. Save it as .eml and upload that.")
            self._groups.append(copy(self._groups[-1]))
        elif len(self._groups) > 1:
            self._groups.pop()

    def _flush(self) -> None:
        self._add(self._characters.decoded(self._groups[-1].font))

    def _add(self, text: str, *, is_markup: bool = False) -> None:
        group = self._groups[-1]
        if text and not (group.skip or group.is_rtf):
            self._found.append(text if group.is_tag or is_markup else escape(text, quote=False))
