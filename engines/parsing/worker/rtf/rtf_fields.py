"""Fields of RTF files: links, symbols, and the states of form fields."""

import re

from engines.parsing.worker.office.symbols import NOT_TICKED, TICKED, symbol
from engines.parsing.worker.rtf.rtf_tokens import Token

_HYPERLINK = re.compile(r'\s*HYPERLINK\s+"?([^"\s]+)"?', re.I)
_SYMBOL = re.compile(r'\s*SYMBOL\s+(\d+|0x[0-9a-f]+)(?:.*?\\f\s*"?([^"\\]+?)"?\s*(?:\\|$))?', re.I | re.S)
_LINKS = ("http://", "https://", "ftp://", "mailto:", "tel:")
_UNDEFINED = 25
"""Result (`\\ffres`) of a form field that was never changed. The default of the field is then its result."""


class RtfFields:
    """State of the current field: its form properties and its link target."""

    def __init__(self) -> None:
        self.choices: list[str] = []
        "Entries of a drop-down list."
        self._numbers: dict[str, int] = {}
        self._target = ""

    def set_property(self, token: Token) -> None:
        """Record a property of a form field."""
        self._numbers[token.word] = token.number or 0

    def end_instruction(self, instruction: str) -> str:
        """Return the text that a field's instruction stands for: a check box, the choice of a list, or a symbol.

        Return an empty text for other fields, whose text is their result. The target of a link is stored for `target_after`.
        """
        numbers, self._numbers = self._numbers, {}
        choices, self.choices = self.choices, []
        stated = numbers.get("ffres", _UNDEFINED)
        result = numbers.get("ffdefres", 0) if stated == _UNDEFINED else stated
        if "FORMCHECKBOX" in instruction:
            return TICKED if result else NOT_TICKED
        if "FORMDROPDOWN" in instruction:
            return choices[result] if result < len(choices) else ""
        link, sign = _HYPERLINK.match(instruction), _SYMBOL.match(instruction)
        self._target = link[1] if link else ""
        if sign:
            return symbol((sign[2] or "").strip(), int(sign[1], 0)) or ""
        return ""

    def target_after(self, words: str) -> str:
        """Return the stored link target in parentheses, to follow the words of the link.

        Return an empty text if there is no target or if the words contain it.
        """
        target, self._target = self._target, ""
        shown = re.sub(r"^(mailto|tel):", "", target, flags=re.I)
        is_shown = re.sub(r"^https?://(www\.)?", "", shown).strip("/") in words
        return f" ({shown})" if target.lower().startswith(_LINKS) and words.strip() and not is_shown else ""
