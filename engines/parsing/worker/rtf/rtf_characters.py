"""The characters of RTF text: bytes in the encoding of a font, and Unicode with its fallback for old programs."""

from engines.parsing.worker.rtf.rtf_fonts import Fonts


class RtfCharacters:
    """Decodes bytes and `\\u` codes. Bytes are collected, because a character can have several."""

    def __init__(self) -> None:
        self.fonts = Fonts()
        self._pending = bytearray()
        self._to_skip = 0
        self._high_surrogate = 0

    def add_raw(self, raw: bytes) -> None:
        """Collect bytes, without those that are the fallback of a Unicode character."""
        skipped = min(self._to_skip, len(raw))
        self._to_skip -= skipped
        self._pending += raw[skipped:]

    def is_fallback(self) -> bool:
        """Return True if the next character, outside of bytes, is a part of a fallback, and count it."""
        self._to_skip -= 1
        if self._to_skip >= 0:
            return True
        self._to_skip = 0
        return False

    def end_fallback(self) -> None:
        """End a fallback, as the limits of groups do."""
        self._to_skip = 0

    def decoded(self, font: int | None) -> str:
        """Return the collected bytes as text in the encoding of a font."""
        if not self._pending:
            return ""
        text = self.fonts.decode(bytes(self._pending), font)
        self._pending.clear()
        return text

    def unicode(self, number: int, font: int | None, fallback: int) -> str:
        """Return the character of a `\\u` code; empty for the first half of a surrogate pair.

        `fallback` is the number of characters behind it that are to be skipped.
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
