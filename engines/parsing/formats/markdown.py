"""Markdown, by docling."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_MARKS = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^(```|~~~)", re.MULTILINE),
    re.compile(r"^\|.*\|\s*\n\|[ :|-]+\|", re.MULTILINE),
    re.compile(r"\[[^\[\]\n]{1,500}\]\([^)\s]{1,500}\)"),
    re.compile(r"\*\*\S[^*\n]*\*\*"),
)


def recognize(specimen: FileSample) -> str | None:
    """By its name; without one, by marks of two different kinds."""
    if not specimen.is_text:
        return None
    if specimen.extension in FORMAT.extensions:
        return "text/markdown"
    marks = sum(bool(mark.search(specimen.text)) for mark in _MARKS)
    return "text/markdown" if not specimen.extension and marks >= 2 else None


FORMAT = Format(
    types={"text/markdown": (".md", ".markdown", ".mdown", ".mkd")},
    label="Markdown text",
    is_text=True,
    recognize=recognize,
)
