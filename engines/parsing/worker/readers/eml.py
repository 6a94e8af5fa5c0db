"""E-mail messages and mailboxes: headers, the text, attached messages, and the names of attachments."""

from collections.abc import Iterator
from email import errors, policy
from email.message import Message
from email.parser import BytesParser
from pathlib import PurePosixPath

from engines.parsing.formats.mbox import MEDIA_TYPE as MAILBOX
from engines.parsing.parsing_limits import check_size
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.mail.headers import SHOWN_HEADERS, file_name, header, properties
from engines.parsing.worker.mail.mailbox import message_contents
from engines.parsing.worker.mail.message_parts import MessageParts, divide
from engines.parsing.worker.mail.message_text import text_blocks
from engines.parsing.worker.parse_context import ParseContext
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_TRUNCATION_DEFECTS = (errors.StartBoundaryNotFoundDefect, errors.CloseBoundaryNotFoundDefect)
_CONTAINERS = {"application/ms-tnef": "Outlook container (TNEF)"}
_MAX_ATTACHED_DEPTH = 5
"""Maximum depth of messages attached to messages that are read. Deeper ones are listed as attachments."""
_MAX_LISTED = 50


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a message, or of all messages of a mailbox in the order of the file."""
    size = max(1, context.path.stat().st_size)
    if context.media_type != MAILBOX:
        check_size(size, context.limits.message_bytes)
    context.tables = context.pictures = 0
    damaged, encrypted, number = list[int](), list[int](), 0
    for number, (content, consumed) in enumerate(message_contents(context.path, context.limits.message_bytes), 1):
        message = BytesParser(policy=policy.compat32).parsebytes(content)
        if number == 1:
            set_metadata(message, context)
        if is_encrypted(message):
            encrypted.append(number)
        yield from message_blocks(message, context, 1)
        if any(isinstance(defect, _TRUNCATION_DEFECTS) for part in message.walk() for defect in part.defects):
            damaged.append(number)
        context.fraction = consumed / size
    report_messages(context, number, damaged, encrypted)


def set_metadata(message: Message, context: ParseContext) -> None:
    """Set the title and properties of the document to those of the message. The title of a mailbox is its file name."""
    if context.media_type == MAILBOX:
        context.title = PurePosixPath(context.name.replace("\\", "/")).stem
    else:
        context.title = header(message, "Subject") or None
        context.properties.update(properties(message))


def report_messages(context: ParseContext, total: int, damaged: list[int], encrypted: list[int]) -> None:
    """Add warnings about attachments and about damaged and encrypted messages, whose numbers are listed.

    `total` is the number of all messages. Raises `DocumentUnreadable` (ENCRYPTED_DOCUMENT) if all are encrypted.
    """
    if encrypted and len(encrypted) == total:
        raise DocumentUnreadable(
            ErrorCode.ENCRYPTED_DOCUMENT, "The message is encrypted. Save it decrypted and upload it again."
        )
    if context.attachments:
        listed = ", ".join(context.attachments[:_MAX_LISTED]) + (
            ", …" if len(context.attachments) > _MAX_LISTED else ""
        )
        context.warnings.append(f"Attachments were not read: {listed}. Upload them as separate documents.")
    context.warn_of_parts(encrypted, total, "messages", "are encrypted and were not read")
    if damaged and total == 1:
        context.warnings.append("The message is damaged or incomplete. Only the remaining parts were read.")
    else:
        context.warn_of_parts(damaged, total, "messages", "are damaged or incomplete")
    if context.media_type == MAILBOX:
        context.properties["messages"] = total


def is_encrypted(message: Message) -> bool:
    is_signed = str(message.get_param("smime-type", "")).lower() in ("signed-data", "certs-only")
    return message.get_content_type() in _ENCRYPTED and not is_signed


def message_blocks(message: Message, context: ParseContext, level: int) -> Iterator[Block]:
    if subject := header(message, "Subject"):
        yield Block(BlockKind.HEADING, subject, level=level)
    lines = [f"{name}: {value}" for name in SHOWN_HEADERS if (value := header(message, name))]
    if lines:
        yield Block(BlockKind.PARAGRAPH, "\n".join(lines))
    if is_encrypted(message):
        return
    parts = divide(message)
    before = len(context.attachments)
    for text in parts.texts:
        yield from text_blocks(text, message, context, level)
    _count_attachments(parts, context, level)
    if level < _MAX_ATTACHED_DEPTH:
        for attached in parts.messages:
            yield from _attached_blocks(attached, context, level)
    if names := context.attachments[before:]:
        yield Block(BlockKind.NOTE, f"Attachments: {', '.join(names)}", separator=Separator.BLANK_LINE)


def _count_attachments(parts: MessageParts, context: ParseContext, level: int) -> None:
    unread = [*parts.attachments, *(parts.messages if level >= _MAX_ATTACHED_DEPTH else [])]
    for part in unread:
        kind = part.get_content_type()
        name = file_name(part) or one_line(part.get("Content-Location") or "") or kind
        context.attachments.append(f"{name} ({_CONTAINERS[kind]})" if kind in _CONTAINERS else name)
        context.pictures = (context.pictures or 0) + (part.get_content_maintype() == "image")
    context.pictures = (context.pictures or 0) + parts.inline_images


def _attached_blocks(part: Message, context: ParseContext, level: int) -> Iterator[Block]:
    payload = part.get_payload()
    for message in payload if isinstance(payload, list) else []:
        if isinstance(message, Message):
            yield from message_blocks(message, context, level + 1)
