"""Headers of messages. The encodings that they state are resolved as on the web (`web_encoding`), as mail programs do."""

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from engines.parsing.text_cleaning import one_line
from engines.parsing.web_encoding import decode_labelled

SHOWN_HEADERS = ("From", "To", "Cc", "Bcc", "Date")
_PROPERTIES = {"From": "author", "To": "to", "Cc": "cc", "Subject": "subject", "Message-ID": "message_id"}
_MAX_HEADER = 20_000
"""Maximum length, in characters, of a header. The rest is cut off."""
_EXTENDED = re.compile(r"^([\w.+-]*)'[\w-]*'(.*)$", re.S)


def header(message: Message, name: str) -> str:
    """Return the decoded value of a header on one line; empty if the message has no such header."""
    value = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return decode_words(str(value))


def decode_words(value: str) -> str:
    """Return a header's value with encoded words (RFC 2047) and raw bytes decoded."""
    value = re.sub(r"\r?\n(?=[ \t])", "", value[:_MAX_HEADER])
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError, LookupError):
        parts = [(value, None)]
    if any(label and not part for part, label in parts):
        return one_line(value)
    return one_line("".join(_decoded(part, label) for part, label in parts))


def _decoded(part: bytes | str, label: str | None) -> str:
    if isinstance(part, str):
        raw = part.encode("utf-8", errors="surrogateescape")
        return part if part.isascii() else decode_labelled(raw, None).text
    if label is None:
        return decode_labelled(_raw_bytes(part), None).text
    return decode_labelled(part, label).text


def _raw_bytes(part: bytes) -> bytes:
    """Return the original bytes of a part of a header that is not an encoded word.

    `part` is what `decode_header` returns for it: bytes outside of ASCII are escaped.
    """
    try:
        return part.decode("raw-unicode-escape").encode("utf-8", errors="surrogateescape")
    except UnicodeError:
        return part


def file_name(part: Message) -> str:
    """Return the decoded file name of a part (RFC 2231 or RFC 2047); empty for a part without one."""
    for header_name, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        value = part.get_param(parameter, header=header_name)
        if isinstance(value, tuple):
            label, _, text = value
            return one_line(decode_labelled(text.encode("latin-1", errors="replace"), label or "utf-8").text)
        if value:
            return decode_words(str(value))
    return ""


def properties(message: Message) -> dict[str, str]:
    """Return the metadata of a message that is not empty. The value of `created` is an ISO 8601 date."""
    found = {key: header(message, name) for name, key in _PROPERTIES.items()}
    try:
        found["created"] = parsedate_to_datetime(header(message, "Date")).isoformat()
    except (ValueError, TypeError, IndexError):
        found["created"] = ""
    return {key: value for key, value in found.items() if value}
