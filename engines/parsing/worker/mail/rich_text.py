"""Text of Outlook messages: decompression of RTF, and assembly of the versions of a text into a part of a message."""

import base64
import struct
from email.message import EmailMessage
from email.policy import compat32

from engines.parsing.parsing_limits import MIB
from engines.parsing.worker.rtf.rtf_html import contains_html, html_of

RTF = "text/rtf"
RTF_ONLY = "X-Graphlore-Rtf-Only"
"""Name of a header that marks a converted message whose only text is RTF that cannot be decompressed."""
_HEADER = struct.Struct("<II4sI")
"""Header of compressed RTF: sizes, kind and checksum (MS-OXRTFCP 2.1.3.1)."""
_COMPRESSED, _STORED = b"LZFu", b"MELA"
_MAX_RTF_BYTES = 32 * MIB


def decompressed(content: bytes) -> bytes | None:
    """Return the RTF that Outlook stored compressed; None if it is damaged or larger than 32 MiB."""
    from compressed_rtf import decompress
    from compressed_rtf.crc32 import crc32

    if len(content) < _HEADER.size:
        return None
    size, raw_size, kind, checksum = _HEADER.unpack_from(content)
    data = content[_HEADER.size : size + 4]
    if kind == _STORED:
        return data
    if kind != _COMPRESSED or raw_size > _MAX_RTF_BYTES or crc32(data) != checksum:
        return None
    return bytes(decompress(content))


def attach_rich_text(message: EmailMessage, content: bytes) -> bool:
    """Attach the HTML that RTF content contains to a message, or else the RTF. Return False for content that is not RTF."""
    if not content.lstrip().startswith(b"{\\rtf"):
        return False
    versions = text_versions("", html_of(content)) if contains_html(content) else None
    if versions is None:
        versions = EmailMessage(policy=compat32)
        versions["Content-Type"] = RTF
        versions["Content-Transfer-Encoding"] = "base64"
        versions.set_payload(base64.encodebytes(content).decode("ascii"))
    message.attach(versions)
    return True


def text_versions(plain: str, html: str) -> EmailMessage | None:
    """Return a part (`multipart/alternative`) with the plain text and the HTML of a message; None if both are empty."""
    part = EmailMessage(policy=compat32)
    part["Content-Type"] = "multipart/alternative"
    part.set_payload([])
    for text, kind in ((plain, "plain"), (html, "html")):
        if text.strip():
            version = EmailMessage(policy=compat32)
            version["Content-Type"] = f"text/{kind}; charset=utf-8"
            version["Content-Transfer-Encoding"] = "8bit"
            version.set_payload(text.encode("utf-8", errors="replace").decode("ascii", errors="surrogateescape"))
            part.attach(version)
    return part if part.get_payload() else None
