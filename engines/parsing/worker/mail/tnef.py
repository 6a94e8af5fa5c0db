"""TNEF containers (`winmail.dat`), in which Outlook sends the text and the attachments of messages."""

import struct
from email.message import EmailMessage
from email.policy import compat32
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.web_encoding import decode_labelled
from engines.parsing.worker.mail.rich_text import RTF_ONLY, attach_rich_text, text_versions

CONTAINERS = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_DAMAGED = (ValueError, IndexError, KeyError, LookupError, TypeError, OverflowError, struct.error)


def unpacked(content: bytes) -> EmailMessage | None:
    """Return the content of a container as a message; None for a damaged container. Attachments have no content."""
    from tnefparse import TNEF

    try:
        container = TNEF(content)
        plain, html, rtf = container.body, container.htmlbody, container.rtfbody
        names = [one_line(each.long_filename() or "") for each in container.attachments]
    except _DAMAGED:
        return None
    message = EmailMessage(policy=compat32)
    message["Content-Type"] = "multipart/mixed"
    message.set_payload([])
    versions = text_versions(_text(plain), _text(html))
    if versions:
        message.attach(versions)
    elif rtf and not attach_rich_text(message, rtf):
        message[RTF_ONLY] = "yes"
    for name in names:
        part = EmailMessage(policy=compat32)
        part["Content-Type"] = "application/octet-stream"
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name or "unnamed attachment"))
        message.attach(part)
    return message


def _text(body: Any) -> str:
    """Return the body of a message as text. The library returns bytes if the container does not state the encoding."""
    return decode_labelled(body, None).text if isinstance(body, bytes) else body or ""
