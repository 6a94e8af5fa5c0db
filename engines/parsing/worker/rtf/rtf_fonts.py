"""Encodings of RTF text: code pages of the file and of its fonts."""

import codecs

from engines.parsing.worker.office.symbols import is_symbol_font, symbol

_CHARSETS = {
    0: "cp1252", 77: "mac-roman", 78: "shift-jis", 79: "johab", 80: "gb2312", 81: "big5", 83: "mac-greek", 85: "mac-turkish",
    86: "mac-latin2", 89: "mac-cyrillic", 128: "cp932", 129: "cp949", 130: "johab", 134: "cp936", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
"""Encodings by the character sets of fonts (`\\fcharset`)."""
_CODE_PAGES = {10000: "mac-roman", 10001: "shift-jis", 10006: "mac-greek", 10007: "mac-cyrillic", 10029: "mac-latin2",
               10081: "mac-turkish", 65001: "utf-8", 708: "iso8859-6", 1361: "johab"}  # fmt: skip
SYMBOLS = "symbols"


def code_page(number: int) -> str:
    """Return the encoding of a Windows code page by its number; Windows-1252 for an unknown one."""
    name = _CODE_PAGES.get(number, f"cp{number}")
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


class Fonts:
    """The encodings of a file's fonts. Fonts are identified by their numbers in the file (`\\f`)."""

    def __init__(self) -> None:
        self.default = "cp1252"
        self._encodings: dict[int, str] = {}
        self._names: dict[int, str] = {}

    def set_charset(self, font: int, charset: int) -> None:
        """Record the character set of a font."""
        if charset == 2:
            self._encodings[font] = SYMBOLS
        elif charset in _CHARSETS and charset != 0:
            self._encodings[font] = _CHARSETS[charset]

    def set_code_page(self, font: int, number: int) -> None:
        """Record the code page of a font."""
        if number:
            self._encodings[font] = code_page(number)

    def set_name(self, font: int, name: str) -> None:
        """Record the name of a font. Some names identify a symbol font or an encoding."""
        self._names[font] = name
        if is_symbol_font(name):
            self._encodings[font] = SYMBOLS
        for ending, charset in ((" CE", 238), (" Cyr", 204), (" Greek", 161), (" Tur", 162), (" Baltic", 186)):
            if name.endswith(ending):
                self._encodings.setdefault(font, _CHARSETS[charset])

    def is_symbols(self, font: int | None) -> bool:
        """Return True for a symbol font, whose characters are signs instead of letters."""
        return font is not None and is_symbol_font(self._names.get(font, ""))

    def symbol(self, font: int, code: int) -> str | None:
        """Return the Unicode character for a code of a symbol font, or None for an unknown one."""
        return symbol(self._names.get(font, ""), code)

    def decode(self, raw: bytes, font: int | None) -> str:
        """Decode bytes in the encoding of a font, or in that of the file if the encoding of the font is unknown."""
        if font is not None and self.is_symbols(font):
            return "".join(symbol(self._names[font], byte) or "�" for byte in raw)
        encoding = self._encodings.get(font if font is not None else -1, self.default)
        return raw.decode(self.default if encoding == SYMBOLS else encoding, errors="replace")
