r"""Normalization of extracted text: no control characters, no lone surrogates, and \n as the only newline.

SQLite truncates text at NUL, msgpack and JSON reject lone surrogates, and control characters disturb language models.
"""

import re

_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_REMOVED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_WHITESPACE = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """Return the text with normalized newlines and without control characters, soft hyphens and zero-width spaces.

    Soft hyphens and zero-width spaces are removed because they hide words from full-text search.
    """
    if text.isascii() and text.isprintable():
        return text
    return _REMOVED.sub("", _NEWLINES.sub("\n", text))


def one_line(text: str) -> str:
    """Return the cleaned text on one line, with each run of whitespace replaced by a single space."""
    return _WHITESPACE.sub(" ", clean_text(text)).strip()
