"""Which encoding a text file has, and its text in pieces.

A mark at the beginning settles it; else text that is UTF-8 to its end is UTF-8; else charset-normalizer decides from a
sample of the lines that are not ASCII, so that a first umlaut behind a megabyte of English is seen, too.
"""

import codecs
from collections.abc import Iterator
from pathlib import Path

from engines.parsing.cleaning import clean

HEAD_BYTES = 64 * 1024
PIECE_BYTES = 64 * 1024
_SAMPLE_BYTES = 32 * 1024
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_TOLD_BEFORE = [name.replace("-", "_") for name in (*_WIDE, "utf-16", "utf-32")]
"""Seen by their NULs; whoever guesses them takes a broken letter for a line of Chinese."""
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r\x0b\x0c\x1b")) + b"\x7f"
_ASCII = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_FALLBACK = "cp1252"
_ALIKE = 0.05
"""Differences of charset-normalizer's measures, 0 to 1, that say nothing."""


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file can be text in any encoding."""
    if marked_encoding(head) or wide_encoding(head):
        return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls <= max(1, len(head) // 100)


def marked_encoding(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: the reading in which nearly all is printable, with the most plain characters."""
    nulls = head.count(0)
    if not nulls or (nulls < len(head) // 5 and _is_mostly_ascii(head)):
        return None
    scores = {name: _plain_characters(head, name) for name in _WIDE}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else None


def _is_mostly_ascii(head: bytes) -> bool:
    strange = len(head.translate(None, _ASCII))
    return strange <= len(head) // 10


def _plain_characters(head: bytes, encoding: str) -> int:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head[: len(head) // 4 * 4] or head)
    except UnicodeDecodeError:
        return 0
    strange = sum(not (character.isprintable() or character in "\t\n\r\f") for character in text)
    if strange > len(text) // 50:
        return 0
    return sum(character.isascii() for character in text)


def decode_head(head: bytes) -> str:
    """The beginning of a text, good enough to look for markup in it."""
    encoding = marked_encoding(head) or wide_encoding(head) or "utf-8"
    return clean(head.decode(encoding, errors="replace"))


def detect_encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return marked_encoding(head) or wide_encoding(head) or _utf8(path) or _guess(_sample(path))


def _utf8(path: Path) -> str | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _sample(path: Path) -> bytes:
    """Lines that are not ASCII, from anywhere in the file."""
    sample = bytearray()
    with path.open("rb") as file:
        while len(sample) < _SAMPLE_BYTES and (line := file.readline(4096)):
            if not line.isascii():
                sample += line
    return bytes(sample)


def _guess(sample: bytes) -> str:
    """Of the readings that are nearly as tidy as the tidiest, the one most like a language; in doubt Western Europe's.

    charset-normalizer alone reads French as Baltic and Shift-JIS as Korean where several readings are tidy.
    """
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, chunk_size=1024, cp_exclusion=_TOLD_BEFORE))
    if not matches:
        return _FALLBACK
    tidy = [match for match in matches if match.chaos <= matches[0].chaos + _ALIKE]
    best = max(tidy, key=lambda match: match.coherence)
    western = (match for match in tidy if _FALLBACK in match.could_be_from_charset)
    if any(match.coherence >= best.coherence - _ALIKE for match in western):
        return _FALLBACK
    return best.encoding


def decoded_pieces(path: Path, encoding: str) -> Iterator[tuple[str, int]]:
    """Clean text in pieces of at most 64 Ki characters, each with the number of bytes read so far.

    What cannot be decoded becomes U+FFFD. A carriage return at a piece's end waits for the newline behind it.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    held, consumed = "", 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            consumed += len(piece)
            text = held + decoder.decode(piece)
            held = "\r" if text.endswith("\r") else ""
            yield clean(text.removesuffix("\r")), consumed
    yield clean(held + decoder.decode(b"", final=True)), consumed
