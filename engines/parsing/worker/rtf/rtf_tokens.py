"""Tokens of RTF files. Source: Rich Text Format Specification 1.9.1."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

_TOKEN = re.compile(
    rb"\\fs\d+\.\d+ ?|"  # Sizes with a fraction, which the specification does not allow.
    rb"\\bin(\d+) ?|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|"
    rb"\\'([0-9a-fA-F]{2})|\\(.)|([{}])|([^\\{}\r\n\0]{1,65536})|[\r\n\0]+|\\",
    re.S,
)
_SYMBOLS = {b"~": "\u00a0", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\", b"\t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    """A part of an RTF file: a control word, text, or the beginning or end of a group."""

    word: str = ""
    "A control word without its backslash, `*` for an ignorable destination, or `{` or `}` for a group; empty for text."
    number: int | None = None
    raw: bytes = b""
    "Bytes of text in the encoding of the current font."
    text: str = ""
    "Text that does not depend on the font's encoding."


class Tokens:
    """Iterates over the tokens of RTF content, which may be a memory-mapped file. Binary data is skipped."""

    def __init__(self, content: bytes | mmap) -> None:
        self._content = content
        self.position = 0
        "Offset behind the last token."

    def __iter__(self) -> Iterator[Token]:
        size = len(self._content)
        while self.position < size and (match := _TOKEN.match(self._content, self.position)):
            self.position = match.end()
            binary, word, number, code, symbol, brace, text = match.groups()
            if binary:
                self.position += int(binary)
            elif word:
                yield Token(word.decode("ascii"), int(number) if number else None)
            elif code:
                yield Token(raw=bytes([int(code, 16)]))
            elif brace:
                yield Token(brace.decode("ascii"))
            elif symbol == b"*":
                yield Token("*")
            elif symbol in (b"\n", b"\r"):
                yield Token("par")
            elif symbol:
                yield Token(text=_SYMBOLS.get(symbol, ""))
            elif text:
                yield Token(raw=text)
