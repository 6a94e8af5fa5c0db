"""Decoding of content that states its encoding: web pages, chapters of books, and parts of e-mail.

The name that content states for its encoding is called its label. Labels are resolved by the WHATWG Encoding Standard, as in
browsers: `iso-8859-1` means Windows-1252, and `gb2312` means GBK.
"""

import codecs
import re
from dataclasses import dataclass

import webencodings
from bs4.dammit import EncodingDetector

from engines.parsing.text_encoding import detect_content_encoding, marked_encoding, wide_encoding

_PRESCANNED_BYTES = 16 * 1024
"""Number of bytes at the start of a page that are searched for its label. The standard requires only 1,024."""
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_WESTERN = "cp1252"
_DECODERS = {"gbk": "gb18030", "x-user-defined": _WESTERN, "iso8859-8-i": "iso8859-8"}
"""Codecs that replace codecs of `webencodings`, because they decode more of the content that has the same label."""
_CHARACTER_SETS = re.compile(r"(cp|mac|iso|koi|utf|big5|hz|johab|tis|kz)")
"""Beginnings of the names of those Python codecs that are character sets, unlike `idna` and `unicode_escape`."""
_ASCII = bytes(range(128))
_MIN_UTF8_EVIDENCE = 60
"""Number of bytes beyond ASCII from which text in an East Asian encoding cannot be valid UTF-8 by chance."""
_MAX_REPLACED_SHARE = 0.01
"""Maximum share of undecodable characters with which a stated encoding is accepted."""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """Decoded content."""

    text: str
    encoding: str
    "Python name of the encoding."
    is_assumed: bool = False
    "True if the stated encoding is unknown or clearly wrong, so that another one was detected."

    @property
    def replaced(self) -> int:
        """Number of characters that could not be decoded."""
        return self.text.count("\ufffd")


def decode_web_page(content: bytes) -> DecodedText:
    """Decode a page by its byte order mark; without one, by its label; without a label, by a detected encoding."""
    head = content[:_PRESCANNED_BYTES]
    if encoding := marked_encoding(head) or wide_encoding(head):
        return DecodedText(content.decode(encoding, errors="replace"), encoding)
    return decode_labelled(content, _stated_label(head))


def _stated_label(head: bytes) -> str | None:
    """Return the label in the XML declaration or, without one, in the first `meta` element outside of comments."""
    label = EncodingDetector.find_declared_encoding(_COMMENT.sub(b"", head), is_html=True, search_entire_document=True)
    # Content in UTF-16 cannot state a label in ASCII characters, so the standard replaces this label by UTF-8.
    return "utf-8" if label and label.lower().startswith(("utf-16", "utf16", "unicode")) else label


def decode_labelled(content: bytes, label: str | None) -> DecodedText:
    """Decode content by its byte order mark; without one, by its label; without a usable label, by a detected encoding.

    A label is not usable if it is unknown, or if more than one percent of the characters cannot be decoded with it. Content
    that is valid UTF-8 is decoded as UTF-8 if text in the stated encoding would not be valid UTF-8 by chance. That is the
    case for Western encodings, and for others from `_MIN_UTF8_EVIDENCE` bytes on.
    """
    if marked := marked_encoding(content[:4]):
        return DecodedText(content.decode(marked, errors="replace"), marked)
    encoding = codec_of(label) if label else None
    if encoding is None or _is_rather_utf8(content, encoding):
        return _detected(content, is_assumed=bool(label) and encoding is None)
    text = content.decode(encoding, errors="replace")
    if text.count("\ufffd") > max(2.0, len(text) * _MAX_REPLACED_SHARE):
        detected = _detected(content, is_assumed=True)
        return detected if detected.replaced < text.count("\ufffd") else DecodedText(text, encoding)
    return DecodedText(text, encoding)


def codec_of(label: str) -> str | None:
    """Return the name of the Python codec for a label; None for an unknown label.

    The standard decides first. Other labels are accepted if Python has a character set of that name.
    """
    if found := webencodings.lookup(label.strip().strip("\"'")):
        name: str = found.codec_info.name
        return _DECODERS.get(name, name)
    try:
        known = codecs.lookup(label.strip())
    except (LookupError, ValueError):
        return None
    return known.name if _CHARACTER_SETS.match(known.name) else None


def _is_rather_utf8(content: bytes, encoding: str) -> bool:
    if encoding.startswith("utf") or content.isascii():
        return False
    if encoding != _WESTERN and len(content.translate(None, _ASCII)) < _MIN_UTF8_EVIDENCE:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _detected(content: bytes, *, is_assumed: bool) -> DecodedText:
    encoding = detect_content_encoding(content)
    return DecodedText(content.decode(encoding, errors="replace"), encoding, is_assumed)
