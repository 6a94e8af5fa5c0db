"""E-mail messages, parsed with Python's `email`: headers, the readable body, and the names of attachments."""

import re
from collections.abc import Iterator
from email import errors, policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import Any

from engines.parsing.formats.eml import MEDIA_TYPE
from engines.parsing.parsing_limits import check_size
from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.markup.web_page import clean_web_page, web_page_blocks
from engines.parsing.worker.parse_context import ParseContext
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_SHOWN_HEADERS = ("From", "To", "Cc", "Date")
_PROPERTIES = {"From": "author", "To": "to", "Cc": "cc", "Subject": "subject", "Message-ID": "message_id"}
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_TRUNCATION_DEFECTS = (errors.StartBoundaryNotFoundDefect, errors.CloseBoundaryNotFoundDefect)
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)*")
_MAX_FORWARDED_DEPTH = 5
"""Levels of messages within messages that are read; deeper ones are listed as attachments."""


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a message and of the messages that it forwards."""
    check_size(context.path.stat().st_size, context.limits.message_bytes)
    with context.path.open("rb") as file:
        message = BytesParser(policy=policy.default).parse(file)
    context.title = _header(message, "Subject") or None
    context.properties.update(_properties(message))
    context.tables = context.pictures = 0
    yield from _message_blocks(message, context, 1)
    if any(isinstance(defect, _TRUNCATION_DEFECTS) for part in message.walk() for defect in part.defects):
        context.warnings.append("The message is damaged or incomplete. Only the remaining parts were read.")


def _message_blocks(message: Any, context: ParseContext, level: int) -> Iterator[Block]:
    if subject := _header(message, "Subject"):
        yield Block(BlockKind.HEADING, subject, level=level)
    lines = [f"{name}: {value}" for name in _SHOWN_HEADERS if (value := _header(message, name))]
    if lines:
        yield Block(BlockKind.PARAGRAPH, "\n".join(lines))
    yield from _body_blocks(message, context)
    forwarded, attached = list[Any](), list[Any]()
    for part in _attachments(message):
        is_forwarded = part.get_content_type() == MEDIA_TYPE and level < _MAX_FORWARDED_DEPTH
        (forwarded if is_forwarded else attached).append(part)
    for part in forwarded:
        yield from _message_blocks(part.get_payload(0), context, level + 1)
    yield from _attachment_blocks(attached, context)


def _header(message: Any, name: str) -> str:
    """Return a header's decoded value, or its raw value if the standard library cannot parse it, as for some addresses."""
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


def _body_blocks(message: Any, context: ParseContext) -> Iterator[Block]:
    """Yield the plain text of a message, or its HTML if it has no plain text."""
    if message.get_content_type() in _ENCRYPTED:
        raise DocumentUnreadable(
            ErrorCode.ENCRYPTED_DOCUMENT, "The message is encrypted. Save it decrypted and upload it again."
        )
    plain = message.get_body(("plain",))
    text = _decoded(plain, context) if plain is not None else ""
    html = None if text.strip() else message.get_body(("html",))
    if html is not None:
        page = clean_web_page(_decoded(html, context).encode(), context, is_website=False)
        yield from web_page_blocks(page, context)
    for paragraph in _BLANK_LINES.split(text):
        if paragraph.strip():
            yield Block(BlockKind.PARAGRAPH, paragraph.strip("\n").rstrip())


def _decoded(part: Any, context: ParseContext) -> str:
    """Return the text of a part. An unknown or wrong encoding adds a warning."""
    content = part.get_payload(decode=True) or b""
    charset = part.get_content_charset("utf-8")
    try:
        text = content.decode(charset, errors="replace")
    except LookupError:
        context.warnings.append(
            "The encoding of a part is unknown, so Windows-1252 was assumed. Some characters may be wrong."
        )
        text = content.decode("cp1252", errors="replace")
    if "\ufffd" in text:
        context.warnings.append("Some characters could not be decoded and were replaced.")
    return clean_text(text)


def _attachments(message: EmailMessage) -> list[Any]:
    """Return all parts that are not the message's own text. Attached messages are not searched for further parts."""
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


def _attachment_blocks(parts: list[Any], context: ParseContext) -> Iterator[Block]:
    names = [one_line(part.get_filename() or "") or part.get_content_type() for part in parts]
    if not names:
        return
    context.pictures = (context.pictures or 0) + sum(part.get_content_maintype() == "image" for part in parts)
    listed = ", ".join(names)
    context.warnings.append(f"Attachments were not read: {listed}. Upload them as separate documents.")
    yield Block(BlockKind.NOTE, f"Attachments: {listed}", separator=Separator.BLANK_LINE)
