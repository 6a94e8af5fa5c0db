"""The name of an uploaded file, from the `Content-Disposition` header of its part.

Clients encode names outside of ASCII in several ways. Browsers and curl send UTF-8 in quotes and escape a quotation mark as
`%22` or with a backslash (the HTML standard, RFC 7578). Old programs send Latin-1. Some libraries send `filename*` (RFC
8187, also in numbered pieces by RFC 2231), and .NET sends it beside an encoded word (RFC 2047) in `filename`.
"""

import codecs
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote_to_bytes

MAX_NAME = 255
"""Maximum length of a file name in characters. A longer name loses its beginning, so that its extension is kept."""
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_PIECE = re.compile(r"filename\*(\d{1,3})(\*?)")
_ESCAPED_PAIR = re.compile(r'\\(["\\])')
_ESCAPED_CHARACTER = re.compile("%(22|0[ad])", re.IGNORECASE)
_ENCODED_WORDS = re.compile(r"=\?[\w.:-]+\?[bq]\?[^?\s]*\?=(?:\s+=\?[\w.:-]+\?[bq]\?[^?\s]*\?=)*", re.IGNORECASE)
_NO_CHARSETS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
"""Codecs of Python that are not used as the charset of a file name."""


@dataclass(frozen=True, slots=True)
class Disposition:
    """The parameters of a part: its field name and its decoded file name. `filename` is None if the part has none."""

    name: str
    filename: str | None


def parse_disposition(header: str) -> Disposition:
    """Parse a `Content-Disposition` header whose bytes were decoded as Latin-1.

    If a parameter is repeated, the first one is used.
    """
    parameters: dict[str, str] = {}
    for name, value in _PARAMETER.findall(header):
        parameters.setdefault(name.lower(), _unquote(value.strip()))
    return Disposition(_decode_plain(parameters.get("name", "")), _filename(parameters))


def display_name(filename: str | None) -> str:
    """Return the last component of a client's file name without invisible characters; `upload` if nothing is left."""
    last = PureWindowsPath(PurePosixPath(INVISIBLE.sub("", filename or "")).name).name.strip()
    return last[-MAX_NAME:] if last not in ("", ".", "..") else "upload"


def _filename(parameters: dict[str, str]) -> str | None:
    for extended in (parameters.get("filename*"), _join_pieces(parameters)):
        decoded = None if extended is None else _decode_extended(extended)
        if decoded is not None:
            return decoded
    plain = parameters.get("filename")
    return None if plain is None else _decode_words(_decode_plain(plain))


def _join_pieces(parameters: dict[str, str]) -> str | None:
    """Join a name that is sent in numbered pieces (RFC 2231) to one value; None if there are no pieces."""
    pieces = {
        int(match[1]): (value, match[2]) for name, value in parameters.items() if (match := _PIECE.fullmatch(name))
    }
    if 0 not in pieces:
        return None
    ordered = [pieces[number] for number in range(len(pieces)) if number in pieces]
    joined = "".join(value if is_encoded else value.replace("%", "%25") for value, is_encoded in ordered)
    return joined if ordered[0][1] else f"utf-8''{joined}"


def _decode_extended(value: str) -> str | None:
    """Decode `charset'language'percent-encoded text` (RFC 8187); None if that is not possible."""
    charset, apostrophe, rest = value.partition("'")
    _, second, encoded = rest.partition("'")
    if not charset or not apostrophe or not second:
        return None
    try:
        return unquote_to_bytes(encoded.encode("latin-1")).decode(_codec(charset))
    except (LookupError, UnicodeError):
        return None


def _unquote(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return _ESCAPED_PAIR.sub(r"\1", value[1:-1])
    return value


def _decode_plain(value: str) -> str:
    """Decode a name that was read as Latin-1: as UTF-8, or else as Windows-1252. Undo the escapes of the HTML standard."""
    raw = value.encode("latin-1")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return _ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1], 16)), text)


def _decode_words(text: str) -> str:
    """Decode the encoded words (RFC 2047) of a name; return any other name unchanged."""
    if not _ENCODED_WORDS.fullmatch(text.strip()):
        return text
    try:
        words = decode_header(text.strip())
        return (
            "".join(word if isinstance(word, str) else word.decode(_codec(charset)) for word, charset in words) or text
        )
    except (HeaderParseError, LookupError, UnicodeError):
        return text


def _codec(charset: str | None) -> str:
    """Return the name of a charset's codec. Raises `LookupError` for an unknown charset and for one that is not text."""
    codec = codecs.lookup(charset or "ascii").name
    if codec in _NO_CHARSETS:
        raise LookupError(charset)
    return codec
