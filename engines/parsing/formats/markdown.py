"""The Markdown format."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_MARKUP = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^(```|~~~)", re.MULTILINE),
    re.compile(r"^\|.*\|\s*\n\|[ :|-]+\|", re.MULTILINE),
    re.compile(r"\[[^\[\]\n]{1,500}\]\([^)\s]{1,500}\)"),
    re.compile(r"\*\*\S[^*\n]*\*\*"),
)


def detect(sample: FileSample) -> str | None:
    """Detect by extension; a file without an extension needs two kinds of Markdown markup."""
    if not sample.is_text:
        return None
    if sample.extension in FORMAT.extensions:
        return "text/markdown"
    kinds = sum(bool(pattern.search(sample.text)) for pattern in _MARKUP)
    return "text/markdown" if not sample.extension and kinds >= 2 else None


FORMAT = Format(
    types={"text/markdown": (".md", ".markdown", ".mdown", ".mkd")},
    label="Markdown text",
    is_text=True,
    detect=detect,
)
