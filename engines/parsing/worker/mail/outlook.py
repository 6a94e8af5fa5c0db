"""Conversion of Outlook messages (MSG) to e-mail messages, so that both are read in the same way."""

from codecs import CodecInfo, lookup, register, unregister
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any

from engines.parsing.web_encoding import decode_labelled
from engines.parsing.worker.mail.rich_text import RTF_ONLY, attach_rich_text, decompressed, text_versions

_ROOT_HEADER, _ATTACHED_HEADER, _PART_HEADER = 32, 24, 8
"""Length, in bytes, of the header before the properties of an outermost message, an attached message, and another part.

The other parts are recipients and attachments. Source: MS-OXMSG 2.4.
"""
_EMBEDDED = "__substg1.0_3701000D"
_MAX_DEPTH = 5
_RECIPIENTS = {1: "To", 2: "Cc", 3: "Bcc"}
_HEADERS = ("From", "To", "Cc", "Bcc", "Date", "Message-ID")


def load_outlook_message(path: Path) -> EmailMessage:
    """Return an Outlook message as an e-mail message. Its attachments have names and media types, but no content."""
    from olefile import OleFileIO
    from oxmsg.storage import Storage

    with OleFileIO(path) as container, _windows_code_pages():
        return _converted(Storage.from_ole(container), _ROOT_HEADER, 1)


@contextmanager
def _windows_code_pages() -> Iterator[None]:
    """Register aliases such as `windows-950` for Python's code pages such as `cp950`, while the context is open.

    python-oxmsg looks code pages up by these aliases.
    """
    register(_code_page)
    try:
        yield
    finally:
        unregister(_code_page)


def _code_page(name: str) -> CodecInfo | None:
    number = name.removeprefix("windows_").removeprefix("windows-")
    try:
        return lookup(f"cp{number}") if number.isdigit() else None
    except LookupError:
        return None


def _converted(storage: Any, offset: int, depth: int) -> EmailMessage:
    from oxmsg.domain import constants as names
    from oxmsg.properties import Properties

    properties = Properties(storage, offset)
    message = EmailMessage(policy=compat32)
    for name, value in _headers(storage, properties).items():
        message[name] = " ".join(value.split())
    plain = properties.str_prop_value(names.PID_BODY) or ""
    html = _html(properties)
    message["Content-Type"] = "multipart/mixed"
    message.set_payload([])
    if versions := text_versions(plain, html):
        message.attach(versions)
    elif stored := properties.binary_prop_value(names.PID_RTF_COMPRESSED):
        rtf = decompressed(stored)
        if not rtf or not attach_rich_text(message, rtf):
            message[RTF_ONLY] = "yes"
    attachments = [_attachment(attachment, depth) for attachment in storage.iter_attachment_storages()]
    for attachment in attachments:
        message.attach(attachment)
    if encrypted := _encrypted_type(properties.str_prop_value(names.PID_MESSAGE_CLASS) or "", attachments):
        message.replace_header("Content-Type", encrypted)
    return message


def _encrypted_type(message_class: str, attachments: list[EmailMessage]) -> str | None:
    """Return the media type of an encrypted message; None for a message that is not encrypted."""
    if message_class.lower() == "ipm.note.smime":
        return "application/pkcs7-mime"
    is_pgp = any(part.get_content_type() == "application/pgp-encrypted" for part in attachments)
    return "multipart/encrypted" if is_pgp else None


def _headers(storage: Any, properties: Any) -> dict[str, str]:
    """Return the headers of a message: those with which it was sent, else the values that Outlook stores for them."""
    from oxmsg.domain import constants as names

    sent = HeaderParser(policy=compat32).parsestr(properties.str_prop_value(names.PID_TRANSPORT_MESSAGE_HEADERS) or "")
    found = {name: str(sent[name]) for name in _HEADERS if sent[name]}
    address = properties.str_prop_value(names.PID_SENDER_SMTP_ADDRESS) or properties.str_prop_value(
        names.PID_SENDER_EMAIL_ADDRESS
    )
    sender = properties.str_prop_value(names.PID_SENDER_NAME) or ""
    date = properties.date_prop_value(names.PID_CLIENT_SUBMIT_TIME) or properties.date_prop_value(
        names.PID_MESSAGE_DELIVERY_TIME
    )
    stated = {
        "Subject": properties.str_prop_value(names.PID_SUBJECT) or "",
        "From": _address(sender, address or ""),
        "Date": format_datetime(date) if date else "",
        "Message-ID": properties.str_prop_value(names.PID_INTERNET_MESSAGE_ID) or "",
        **_recipients(storage),
    }
    return {name: value for name, value in (stated | found).items() if value}


def _recipients(storage: Any) -> dict[str, str]:
    from oxmsg.domain import constants as names
    from oxmsg.properties import Properties

    found: dict[str, list[str]] = {name: [] for name in _RECIPIENTS.values()}
    for recipient in storage.iter_recipient_storages():
        properties = Properties(recipient, _PART_HEADER)
        address = properties.str_prop_value(names.PID_SMTP_ADDRESS) or properties.str_prop_value(
            names.PID_EMAIL_ADDRESS
        )
        if name := _RECIPIENTS.get(properties.int_prop_value(names.PID_RECIPIENT_TYPE) or 0):
            found[name].append(_address(properties.str_prop_value(names.PID_DISPLAY_NAME) or "", address or ""))
    return {name: ", ".join(filter(None, addresses)) for name, addresses in found.items()}


def _address(name: str, address: str) -> str:
    """Return a name with its e-mail address. Internal addresses of Exchange, such as `/o=…`, are left out."""
    name = name.strip().strip("'")
    if "@" not in address or name == address:
        return name or address
    return formataddr((name, address), charset="utf-8") if name.isascii() else f"{name} <{address}>"


def _html(properties: Any) -> str:
    from oxmsg.domain import constants as names

    if content := properties.binary_prop_value(names.PID_HTML):
        return decode_labelled(content, properties.body_encoding).text
    return properties.str_prop_value(names.PID_BODY_HTML) or ""


def _attachment(storage: Any, depth: int) -> EmailMessage:
    from oxmsg.domain import constants as names
    from oxmsg.properties import Properties

    properties = Properties(storage, _PART_HEADER)
    part = EmailMessage(policy=compat32)
    embedded = next((each for each in storage.storages if each.name == _EMBEDDED), None)
    has_message = embedded and any(stream.name == "__properties_version1.0" for stream in embedded.streams)
    if has_message and depth < _MAX_DEPTH:
        part["Content-Type"] = "message/rfc822"
        part.set_payload([_converted(embedded, _ATTACHED_HEADER, depth + 1)])
        return part
    file_name = properties.str_prop_value(names.PID_ATTACH_LONG_FILENAME) or properties.str_prop_value(
        names.PID_ATTACH_FILENAME
    )
    part["Content-Type"] = properties.str_prop_value(names.PID_ATTACH_MIME_TAG) or "application/octet-stream"
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", file_name or "unnamed attachment"))
    return part
