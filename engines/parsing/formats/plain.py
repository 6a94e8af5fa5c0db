"""Plain text, which is any text that no other format matches."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_PLAIN = "text/plain"
_NOT_PLAIN = ("%!PS-",)
"""Beginnings of text files that are not plain text. In PostScript files, the text is interleaved with commands."""


def detect(sample: FileSample) -> str | None:
    if not sample.is_text:
        return None
    if sample.text.lstrip().startswith(_NOT_PLAIN):
        return None
    return FORMAT.type_of(sample.extension) or _PLAIN


FORMAT = Format(
    types={_PLAIN: (".txt", ".text", ".log"), "application/yaml": (".yaml", ".yml")},
    label="text",
    is_text=True,
    detect=detect,
)
