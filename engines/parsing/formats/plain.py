"""Plain text, and whatever else is text: read in pieces, never whole; paragraphs end at blank lines."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_PLAIN = "text/plain"
_NOT_TO_BE_READ = ("{\\rtf", "%!PS-")
"""Rich text and PostScript consist of characters, but what they say is hidden among commands."""


def recognize(specimen: FileSample) -> str | None:
    if not specimen.is_text:
        return None
    if specimen.text.lstrip().startswith(_NOT_TO_BE_READ):
        return None
    return FORMAT.type_of(specimen.extension) or _PLAIN


FORMAT = Format(
    types={_PLAIN: (".txt", ".text", ".log"), "application/yaml": (".yaml", ".yml")},
    label="text",
    is_text=True,
    recognize=recognize,
)
