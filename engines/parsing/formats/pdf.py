"""The PDF format."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_SIGNATURE = b"%PDF-"
_SIGNATURE_WITHIN = 1024
_SKIPPED = b"\xef\xbb\xbf \t\r\n\0"


def detect(sample: FileSample) -> str | None:
    """Detect by the signature. Other bytes may precede the signature, but text that merely mentions it is not a PDF."""
    if sample.head.lstrip(_SKIPPED).startswith(_SIGNATURE):
        return "application/pdf"
    is_signed = _SIGNATURE in sample.head[:_SIGNATURE_WITHIN]
    named = sample.extension in FORMAT.extensions
    return "application/pdf" if is_signed and (named or not sample.is_text) else None


FORMAT = Format(
    types={"application/pdf": (".pdf",)},
    label="PDF document",
    is_text=False,
    detect=detect,
)
