"""The LaTeX format."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "text/x-tex"
_START = re.compile(r"(\s*%.*\n)*\s*\\(documentclass|documentstyle)\b")


def detect(sample: FileSample) -> str | None:
    if not sample.is_text:
        return None
    if _START.match(sample.text):
        return MEDIA_TYPE
    return MEDIA_TYPE if sample.extension in FORMAT.extensions else None


FORMAT = Format(
    types={MEDIA_TYPE: (".tex", ".latex", ".ltx")},
    label="LaTeX text",
    is_text=True,
    detect=detect,
)
