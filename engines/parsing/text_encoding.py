"""Detection of a text file's encoding, and incremental decoding.

A byte order mark decides first. Without one, a file that is valid UTF-8 to its end is UTF-8. Otherwise, charset-normalizer
guesses the encoding from a sample of the lines that are not ASCII. The sample is taken from the whole file, so that an
umlaut after a megabyte of English is found.
"""

import codecs
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from engines.parsing.text_cleaning import clean_text

HEAD_BYTES = 64 * 1024
_BLOCK_BYTES = 64 * 1024
_SAMPLE_BYTES = 32 * 1024
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE_ENCODINGS = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_NOT_GUESSED = [name.replace("-", "_") for name in (*_WIDE_ENCODINGS, "utf-16", "utf-32")]
"""Encodings that charset-normalizer must not choose, because `wide_encoding` detects them by their NUL bytes.

Otherwise, a damaged byte would turn a line into Chinese characters.
"""
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r\x0b\x0c\x1b")) + b"\x7f"
_ASCII = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_FALLBACK = "cp1252"
_TOLERANCE = 0.05
"""Maximum difference between two scores of charset-normalizer (0 to 1) that is not significant."""


def looks_like_text(head: bytes) -> bool:
    """Return True if the first bytes of a file can be text in some encoding."""
    if marked_encoding(head) or wide_encoding(head):
        return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls <= max(1, len(head) // 100)


def marked_encoding(head: bytes) -> str | None:
    """Return the encoding that the byte order mark states, or None if there is no mark."""
    return next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)


def wide_encoding(head: bytes) -> str | None:
    """Return the encoding of UTF-16 or UTF-32 text without a byte order mark, or None for other content.

    Among the decodings in which nearly all characters are printable, the one with the most ASCII characters is chosen.
    """
    nulls = head.count(0)
    if not nulls or (nulls < len(head) // 5 and _is_mostly_ascii(head)):
        return None
    scores = {name: _ascii_characters(head, name) for name in _WIDE_ENCODINGS}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else None


def _is_mostly_ascii(head: bytes) -> bool:
    others = len(head.translate(None, _ASCII))
    return others <= len(head) // 10


def _ascii_characters(head: bytes, encoding: str) -> int:
    """Return the number of ASCII characters, or 0 if the bytes are not printable text in this encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head[: len(head) // 4 * 4] or head)
    except UnicodeDecodeError:
        return 0
    unprintable = sum(not (character.isprintable() or character in "\t\n\r\f") for character in text)
    if unprintable > len(text) // 50:
        return 0
    return sum(character.isascii() for character in text)


def decode_head(head: bytes) -> str:
    """Decode the first bytes of a text file, replacing undecodable bytes. Precise enough to search for markup."""
    encoding = marked_encoding(head) or wide_encoding(head) or "utf-8"
    return clean_text(head.decode(encoding, errors="replace"))


def detect_encoding(path: Path) -> str:
    """Return the Python name of a text file's encoding. The whole file may be read."""
    with path.open("rb") as file:
        return _detect(file)


def detect_content_encoding(content: bytes) -> str:
    """Return the Python name of the encoding of text in memory."""
    return _detect(BytesIO(content))


def _detect(file: BinaryIO) -> str:
    head = file.read(HEAD_BYTES)
    return marked_encoding(head) or wide_encoding(head) or _utf8(file) or _guess(_non_ascii_sample(file))


def _utf8(file: BinaryIO) -> str | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while block := file.read(_BLOCK_BYTES):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _non_ascii_sample(file: BinaryIO) -> bytes:
    """Return a sample of the lines that are not ASCII, from the whole file."""
    sample = bytearray()
    file.seek(0)
    while len(sample) < _SAMPLE_BYTES and (line := file.readline(4096)):
        if not line.isascii():
            sample += line
    return bytes(sample)


def _guess(sample: bytes) -> str:
    """Return the most plausible encoding of a sample; Windows-1252 if no encoding is plausible.

    Of charset-normalizer's candidates, those whose `chaos` is within `_TOLERANCE` of the lowest are compared by their
    `coherence`. The library's own order takes French for Baltic and Shift-JIS for Korean.
    """
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, chunk_size=1024, cp_exclusion=_NOT_GUESSED))
    if not matches:
        return _FALLBACK
    candidates = [match for match in matches if match.chaos <= matches[0].chaos + _TOLERANCE]
    best = max(candidates, key=lambda match: match.coherence)
    western = (match for match in candidates if _FALLBACK in match.could_be_from_charset)
    if any(match.coherence >= best.coherence - _TOLERANCE for match in western):
        return _FALLBACK
    return best.encoding


def decode_in_blocks(path: Path, encoding: str) -> Iterator[tuple[str, int]]:
    """Yield the text of a file in blocks of at most 64 Ki characters, cleaned, each with the number of bytes read so far.

    Undecodable bytes become U+FFFD. A carriage return at the end of a block is kept for the next one, so that CR LF across
    two blocks becomes one newline.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    pending, consumed = "", 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            consumed += len(block)
            text = pending + decoder.decode(block)
            pending = "\r" if text.endswith("\r") else ""
            yield clean_text(text.removesuffix("\r")), consumed
    yield clean_text(pending + decoder.decode(b"", final=True)), consumed


def decode_file(path: Path) -> str:
    """Return the whole text of a file, cleaned. Check its size first."""
    return "".join(text for text, _ in decode_in_blocks(path, detect_encoding(path)))
