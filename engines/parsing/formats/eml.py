"""The e-mail format (EML, RFC 5322)."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "message/rfc822"
_MAILBOX_LINE = re.compile(r">?From \S.*\d{1,2}:\d{2}.*\b\d{4}\b")
"""The line with sender and date that mail servers and archives write before the headers of a message."""
_HEADER = re.compile(r"([!-9;-~]+):[ \t]*\S?")
_ORDINARY = frozenset({"from", "to", "subject", "date", "cc", "reply-to"})
_TECHNICAL = frozenset({
    "received", "return-path", "message-id", "mime-version", "delivered-to", "dkim-signature", "content-type",
})  # fmt: skip


def detect(sample: FileSample) -> str | None:
    """Detect by headers that only mail programs write; with the extension `.eml`, any two known headers are enough."""
    if not sample.is_text:
        return None
    names = _header_names(sample.text)
    named = sample.extension in FORMAT.extensions
    technical, ordinary = len(names & _TECHNICAL), len(names & _ORDINARY)
    return MEDIA_TYPE if (technical >= 2 and ordinary) or (named and technical + ordinary >= 2) else None


def _header_names(text: str) -> set[str]:
    names = set[str]()
    lines = text.lstrip().split("\n")
    if _MAILBOX_LINE.match(lines[0]):
        names.add("return-path")
        lines = lines[1:]
    for line in lines:
        if line.startswith((" ", "\t")) and names:
            continue
        match = _HEADER.match(line)
        if not match:
            break
        names.add(match[1].lower())
    return names


FORMAT = Format(
    types={MEDIA_TYPE: (".eml", ".mht", ".mhtml")},
    label="e-mail message",
    is_text=True,
    detect=detect,
)
