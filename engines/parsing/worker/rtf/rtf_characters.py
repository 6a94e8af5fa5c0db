"""The characters of RTF text: bytes in the encoding of a font, and Unicode characters (`\\u`).

After each Unicode character, RTF repeats it as plain characters, which programs without Unicode show instead. This
*fallback* is skipped.
"""

from engines.parsing.worker.rtf.rtf_fonts import Fonts


class RtfCharacters:
    """Decodes bytes and `\\u` codes. Bytes are collected before they are decoded, because a character can have several."""

    def __init__(self) -> None:
        self.fonts = Fonts()
        self._pending = bytearray()
        self._to_skip = 0
        self._high_surrogate = 0

    def add_raw(self, raw: bytes) -> None:
        """Collect bytes of text. Bytes of the fallback after a `\\u` character are skipped."""
        skipped = min(self._to_skip, len(raw))
        self._to_skip -= skipped
        self._pending += raw[skipped:]

    def skip_if_fallback(self) -> bool:
        """Return whether the next character is part of the fallback after a `\\u` character, and count it as skipped.

        Call it for each control symbol that is a character, such as `\\~`.
        """
        self._to_skip -= 1
        if self._to_skip >= 0:
            return True
        self._to_skip = 0
        return False

    def end_fallback(self) -> None:
        """End the fallback after a `\\u` character, even if it is shorter than stated. Call it at both ends of a group."""
        self._to_skip = 0

    def decoded(self, font: int | None) -> str:
        """Return the collected bytes as text in the encoding of the font with the number `font`, and clear them."""
        if not self._pending:
            return ""
        text = self.fonts.decode(bytes(self._pending), font)
        self._pending.clear()
        return text

    def unicode(self, number: int, font: int | None, fallback: int) -> str:
        """Return the character of a `\\u` code; an empty text for the first half of a surrogate pair.

        `number` is the code. `fallback` is the number of characters to skip after it, which programs without Unicode show.
        """
        self._to_skip = fallback
        code = number & 0xFFFF if number < 0x10000 else number
        if 0xD800 <= code < 0xDC00:
            self._high_surrogate = code
            return ""
        if 0xDC00 <= code < 0xE000:
            high = self._high_surrogate - 0xD800
            code = 0x10000 + (high << 10) + code - 0xDC00 if high >= 0 else 0xFFFD
        self._high_surrogate = 0
        is_symbol = 0xF000 <= code <= 0xF0FF and self.fonts.is_symbols(font)
        return (self.fonts.symbol(font or 0, code) if is_symbol else None) or (
            chr(code) if code < 0x110000 else "\ufffd"
        )
