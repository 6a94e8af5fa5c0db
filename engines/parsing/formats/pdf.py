"""PDF, by docling's native parser: no layout model, no hub, some hundred pages a second; scans by a recognizer.

The pages come one after another from a thread of the parser and are held in batches, so that memory stays bounded."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_MARK = b"%PDF-"
_MARK_WITHIN = 1024
_WHITE = b"\xef\xbb\xbf \t\r\n\0"


def recognize(specimen: FileSample) -> str | None:
    """The mark may stand behind a few bytes of something else, but a text that speaks of it is no PDF."""
    if specimen.head.lstrip(_WHITE).startswith(_MARK):
        return "application/pdf"
    marked = _MARK in specimen.head[:_MARK_WITHIN]
    named = specimen.extension in FORMAT.extensions
    return "application/pdf" if marked and (named or not specimen.is_text) else None


FORMAT = Format(
    types={"application/pdf": (".pdf",)},
    label="PDF document",
    is_text=False,
    recognize=recognize,
)
