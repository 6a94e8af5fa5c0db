"""Division of a message (MIME) into the parts with its text, the attached messages, and the other attachments."""

from dataclasses import dataclass, field
from email.message import Message

from engines.parsing.worker.mail.headers import file_name
from engines.parsing.worker.mail.rich_text import RTF
from engines.parsing.worker.mail.tnef import CONTAINERS, unpacked

_TEXTS = ("text/plain", "text/html", "text/enriched", "text/rfc822-headers", "text/x-amp-html", RTF)
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_MAX_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Versions of one text in different media types. The order is that of the message: the richest version is last."""

    parts: tuple[Message, ...]


@dataclass(slots=True)
class MessageParts:
    """The parts of one message, each list in the order of the message."""

    texts: list[Alternatives] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    attachments: list[Message] = field(default_factory=list)
    inline_images: int = 0


def divide(message: Message) -> MessageParts:
    """Divide a message into its parts. An attached message is one part; its own parts are not included."""
    found = MessageParts()
    stack = [message]
    for _ in range(_MAX_PARTS):
        if not stack:
            break
        part = stack.pop()
        kind = part.get_content_type()
        if kind in CONTAINERS and (inner := _unpacked(part)):
            _add_container(inner, found)
            continue
        children = part.get_payload() if part.is_multipart() else []
        if kind == "message/rfc822" or kind == "message/global":
            found.messages.append(part)
        elif kind == "multipart/alternative" and isinstance(children, list):
            stack += reversed(_add_alternatives([each for each in children if isinstance(each, Message)], found))
        elif isinstance(children, list) and children:
            stack += reversed([each for each in children if isinstance(each, Message)])
        elif not kind.startswith("multipart/"):
            _add_single(part, kind, found)
    return found


def _unpacked(part: Message) -> Message | None:
    content = part.get_payload(decode=True)
    return unpacked(content) if isinstance(content, bytes) else None


def _add_container(inner: Message, found: MessageParts) -> None:
    """Add the attachments of an Outlook container, and its text if no text was found in the message so far."""
    parts = divide(inner)
    found.attachments += parts.attachments
    if not any(_has_text(part) for versions in found.texts for part in versions.parts):
        found.texts += parts.texts


def _has_text(part: Message) -> bool:
    content = part.get_payload(decode=True)
    return isinstance(content, bytes) and bool(content.strip())


def _add_alternatives(children: list[Message], found: MessageParts) -> list[Message]:
    """Add the versions of a text. Return the parts among and inside of them that are not versions, such as attachments."""
    versions, others = list[Message](), list[Message]()
    stack = list(reversed(children))
    while stack:
        part = stack.pop()
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            payload = part.get_payload()
            stack += (
                reversed([each for each in payload if isinstance(each, Message)]) if isinstance(payload, list) else []
            )
        elif part.get_content_type() in ("text/plain", "text/html") and not _is_attached(part):
            versions.append(part)
        elif part.get_content_type() == RTF and versions:
            continue
        elif part.get_content_type() != "text/x-amp-html":
            others.append(part)
    if versions:
        found.texts.append(Alternatives(tuple(versions)))
    return others


def _add_single(part: Message, kind: str, found: MessageParts) -> None:
    if (kind in _TEXTS and not _is_attached(part)) or kind == "message/delivery-status":
        found.texts.append(Alternatives((part,)))
    elif part.get_content_maintype() == "image" and part.get("Content-ID") and not _is_attached(part):
        found.inline_images += 1
    elif kind not in _SIGNATURES:
        found.attachments.append(part)


def _is_attached(part: Message) -> bool:
    """Return True for a part that the sender attached as a file.

    An HTML part with a file name does not count, because some programs give a file name to the text of a message.
    """
    disposition = (part.get_content_disposition() or "").lower()
    return disposition == "attachment" or (
        bool(file_name(part)) and disposition != "inline" and not _is_body_name(part)
    )


def _is_body_name(part: Message) -> bool:
    return file_name(part).lower().endswith((".html", ".htm")) and part.get_content_type() == "text/html"
