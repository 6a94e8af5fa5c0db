"""AsciiDoc, by docling."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "text/asciidoc"
_TITLE = re.compile(r"\s*(//.*\n\s*)*= \S")
_MARKS = (
    re.compile(r"^==+ \S", re.MULTILINE),
    re.compile(r"^:[\w-]+:", re.MULTILINE),
    re.compile(r"^(\|===|----)\s*$", re.MULTILINE),
    re.compile(r"^\[(source|NOTE|TIP|quote|options)\b.*\]$", re.MULTILINE),
)


def recognize(specimen: FileSample) -> str | None:
    """By its name; without one, by its title and a mark of another kind."""
    if not specimen.is_text:
        return None
    if specimen.extension in FORMAT.extensions:
        return MEDIA_TYPE
    looks = not specimen.extension and _TITLE.match(specimen.text)
    return MEDIA_TYPE if looks and any(mark.search(specimen.text) for mark in _MARKS) else None


FORMAT = Format(
    types={MEDIA_TYPE: (".adoc", ".asciidoc")},
    label="AsciiDoc text",
    is_text=True,
    recognize=recognize,
)
