"""LaTeX, by docling: no file that it names is opened, and nothing is run."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "text/x-tex"
_BEGINNING = re.compile(r"(\s*%.*\n)*\s*\\(documentclass|documentstyle)\b")


def recognize(specimen: FileSample) -> str | None:
    if not specimen.is_text:
        return None
    if _BEGINNING.match(specimen.text):
        return MEDIA_TYPE
    return MEDIA_TYPE if specimen.extension in FORMAT.extensions else None


FORMAT = Format(
    types={MEDIA_TYPE: (".tex", ".latex", ".ltx")},
    label="LaTeX text",
    is_text=True,
    recognize=recognize,
)
