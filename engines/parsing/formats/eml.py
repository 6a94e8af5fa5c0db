"""The e-mail format (EML, RFC 5322)."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "message/rfc822"
_HEADER = re.compile(r"([!-9;-~]+):[ \t]*\S?")
_ORDINARY = frozenset({"from", "to", "subject", "date", "cc", "reply-to"})
_TECHNICAL = frozenset({
    "received", "return-path", "message-id", "mime-version", "delivered-to", "dkim-signature", "content-type",
})  # fmt: skip


def detect(sample: FileSample) -> str | None:
    """Detect by headers that only mail programs write; a file with the extension needs any two known headers."""
    if not sample.is_text:
        return None
    names = _header_names(sample.text)
    named = sample.extension in FORMAT.extensions
    technical, ordinary = len(names & _TECHNICAL), len(names & _ORDINARY)
    return MEDIA_TYPE if (technical >= 2 and ordinary) or (named and technical + ordinary >= 2) else None


def _header_names(text: str) -> set[str]:
    names = set[str]()
    for line in text.split("\n"):
        if line.startswith((" ", "\t")) and names:
            continue
        match = _HEADER.match(line)
        if not match:
            break
        names.add(match[1].lower())
    return names


FORMAT = Format(
    types={MEDIA_TYPE: (".eml",)},
    label="e-mail message",
    is_text=True,
    detect=detect,
)
