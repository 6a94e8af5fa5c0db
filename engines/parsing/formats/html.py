"""Web pages: without what surrounds their text."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_BEGINNING = re.compile(r"\s*(<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_TAGS = re.compile(r"</?(p|div|h[1-6]|table|ul|ol|li|span|a|br|section|article)\b[^>]*>", re.I)


def recognize(specimen: FileSample) -> str | None:
    """By how it begins; where its name says so, by any tag."""
    if begins_like_page(specimen.text):
        return "text/html"
    named = specimen.extension in FORMAT.extensions and not specimen.text.lstrip().startswith("<?xml")
    return "text/html" if named and _TAGS.search(specimen.text) else None


def begins_like_page(text: str) -> bool:
    return bool(_BEGINNING.match(text[:4096]))


FORMAT = Format(
    types={"text/html": (".html", ".htm", ".xhtml")},
    label="web page",
    is_text=True,
    recognize=recognize,
)
