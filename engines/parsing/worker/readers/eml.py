"""E-mail, with Python's own parser: headers, the text that was meant to be read, and the names of what is attached."""

import re
from collections.abc import Iterator
from email import errors, policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import Any

from engines.parsing.cleaning import clean, one_line
from engines.parsing.formats.eml import MEDIA_TYPE
from engines.parsing.limits import check_size
from engines.parsing.worker.block import Block, BlockKind, Glue
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.webpage import clean_page, page_blocks
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_SHOWN = ("From", "To", "Cc", "Date")
_PROPERTIES = {"From": "author", "To": "to", "Cc": "cc", "Subject": "subject", "Message-ID": "message_id"}
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_BROKEN_OFF = (errors.StartBoundaryNotFoundDefect, errors.CloseBoundaryNotFoundDefect)
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)*")
_DEEPEST = 5
"""Messages within messages; what is forwarded deeper is named and not read."""


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.message_bytes)
    with reading.path.open("rb") as file:
        message = BytesParser(policy=policy.default).parse(file)
    reading.title = _header(message, "Subject") or None
    reading.properties.update(_properties(message))
    reading.tables = reading.pictures = 0
    yield from _message(message, reading, 1)
    if any(isinstance(defect, _BROKEN_OFF) for part in message.walk() for defect in part.defects):
        reading.warnings.append("The message is damaged or cut off; what is there was read.")


def _message(message: Any, reading: Reading, level: int) -> Iterator[Block]:
    if subject := _header(message, "Subject"):
        yield Block(BlockKind.HEADING, subject, level=level)
    lines = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    if lines:
        yield Block(BlockKind.PARAGRAPH, "\n".join(lines))
    yield from _body(message, reading)
    forwarded, attached = list[Any](), list[Any]()
    for part in _attachments(message):
        (forwarded if part.get_content_type() == MEDIA_TYPE and level < _DEEPEST else attached).append(part)
    for part in forwarded:
        yield from _message(part.get_payload(0), reading, level + 1)
    yield from _attached(attached, reading)


def _header(message: Any, name: str) -> str:
    """The standard library's reader of addresses stumbles over some that are no addresses; then as it was written."""
    try:
        return one_line(str(message.get(name, "")))
    except (ValueError, LookupError, AttributeError, TypeError):
        raw = (value for key, value in message.raw_items() if key.lower() == name.lower())
        return one_line(str(next(raw, "")))


def _properties(message: Any) -> dict[str, str]:
    found = {key: _header(message, name) for name, key in _PROPERTIES.items()}
    try:
        found["created"] = parsedate_to_datetime(_header(message, "Date")).isoformat()
    except (ValueError, TypeError, IndexError):
        found["created"] = ""
    return {key: value for key, value in found.items() if value}


def _body(message: Any, reading: Reading) -> Iterator[Block]:
    """Plain text where there is any; else its HTML."""
    if message.get_content_type() in _ENCRYPTED:
        raise DocumentUnreadable(ErrorCode.ENCRYPTED_DOCUMENT, "The message is encrypted. Save it decrypted.")
    plain = message.get_body(("plain",))
    text = _text(plain, reading) if plain is not None else ""
    page = None if text.strip() else message.get_body(("html",))
    if page is not None:
        yield from page_blocks(clean_page(_text(page, reading).encode(), reading, is_website=False), reading)
    for paragraph in _BLANK_LINES.split(text):
        if paragraph.strip():
            yield Block(BlockKind.PARAGRAPH, paragraph.strip("\n").rstrip())


def _text(part: Any, reading: Reading) -> str:
    content = part.get_payload(decode=True) or b""
    charset = part.get_content_charset("utf-8")
    try:
        text = content.decode(charset, errors="replace")
    except LookupError:
        reading.warnings.append("A part's encoding is unknown; it was read as Western European.")
        text = content.decode("cp1252", errors="replace")
    if "\ufffd" in text:
        reading.warnings.append("Some characters could not be decoded and were replaced.")
    return clean(text)


def _attachments(message: EmailMessage) -> list[Any]:
    """All parts that are no text of the message itself, in any depth but within attached messages."""
    found: list[Any] = []
    bodies = {id(message.get_body((kind,))) for kind in ("plain", "html")}
    stack: list[Any] = [message]
    while stack:
        part = stack.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            stack.extend(reversed(part.get_payload()))
        elif id(part) not in bodies and part.get_content_maintype() != "multipart":
            found.append(part)
    return found


def _attached(parts: list[Any], reading: Reading) -> Iterator[Block]:
    names = [one_line(part.get_filename() or "") or part.get_content_type() for part in parts]
    if not names:
        return
    reading.pictures = (reading.pictures or 0) + sum(part.get_content_maintype() == "image" for part in parts)
    listed = ", ".join(names)
    reading.warnings.append(f"Attachments were not read; upload them by themselves: {listed}.")
    yield Block(BlockKind.NOTE, f"Attachments: {listed}", glue=Glue.BLANK_LINE)
