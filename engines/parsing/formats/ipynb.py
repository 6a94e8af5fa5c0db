"""Jupyter notebooks."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/x-ipynb+json"
_START = re.compile(r'\s*\{\s*"(?:cells|nbformat|nbformat_minor|metadata|worksheets)"\s*:')
_CELLS = re.compile(r'"(?:cell_type|nbformat)"\s*:')


def detect(sample: FileSample) -> str | None:
    """Detect by the names of the first members of the JSON object; the extension alone is not enough."""
    if not sample.is_text or not _START.match(sample.text):
        return None
    return MEDIA_TYPE if sample.extension in FORMAT.extensions or _CELLS.search(sample.text) else None


FORMAT = Format(
    types={MEDIA_TYPE: (".ipynb",)},
    label="Jupyter notebook",
    is_text=True,
    detect=detect,
)
