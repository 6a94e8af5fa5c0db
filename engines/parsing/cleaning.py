r"""Text as the rest of the server may rely on it: no NULs, no control characters, no surrogates, newlines as \n.

SQLite cuts at NUL, msgpack and JSON refuse lone surrogates, and control characters only disturb models.
"""

import re

_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_DROPPED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Soft hyphens and spaces of no width go, too: they only hide words from a search."""
    if text.isascii() and text.isprintable():
        return text
    return _DROPPED.sub("", _NEWLINES.sub("\n", text))


def one_line(text: str) -> str:
    return _SPACES.sub(" ", clean(text)).strip()
