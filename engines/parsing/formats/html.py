"""The HTML format."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_START = re.compile(r"\s*(<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_TAGS = re.compile(r"</?(p|div|h[1-6]|table|ul|ol|li|span|a|br|section|article)\b[^>]*>", re.I)


def detect(sample: FileSample) -> str | None:
    """Detect by the beginning of the text; with an extension of HTML, any common tag in the text is enough."""
    if starts_like_html(sample.text):
        return "text/html"
    named = sample.extension in FORMAT.extensions and not sample.text.lstrip().startswith("<?xml")
    return "text/html" if named and _TAGS.search(sample.text) else None


def starts_like_html(text: str) -> bool:
    return bool(_START.match(text[:4096]))


FORMAT = Format(
    types={"text/html": (".html", ".htm", ".xhtml")},
    label="web page",
    is_text=True,
    detect=detect,
)
