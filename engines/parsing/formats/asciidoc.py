"""The AsciiDoc format."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "text/asciidoc"
_TITLE = re.compile(r"\s*(//.*\n\s*)*= \S")
_MARKUP = (
    re.compile(r"^==+ \S", re.MULTILINE),
    re.compile(r"^:[\w-]+:", re.MULTILINE),
    re.compile(r"^(\|===|----)\s*$", re.MULTILINE),
    re.compile(r"^\[(source|NOTE|TIP|quote|options)\b.*\]$", re.MULTILINE),
)


def detect(sample: FileSample) -> str | None:
    """Detect by extension; a file without an extension needs an AsciiDoc title and one other kind of markup."""
    if not sample.is_text:
        return None
    if sample.extension in FORMAT.extensions:
        return MEDIA_TYPE
    has_title = not sample.extension and _TITLE.match(sample.text)
    return MEDIA_TYPE if has_title and any(pattern.search(sample.text) for pattern in _MARKUP) else None


FORMAT = Format(
    types={MEDIA_TYPE: (".adoc", ".asciidoc")},
    label="AsciiDoc text",
    is_text=True,
    detect=detect,
)
