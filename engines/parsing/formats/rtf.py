"""The Rich Text Format (RTF)."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/rtf"


def detect(sample: FileSample) -> str | None:
    return MEDIA_TYPE if sample.head[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf") else None


FORMAT = Format(
    types={MEDIA_TYPE: (".rtf",)},
    label="RTF document",
    is_text=False,
    detect=detect,
)
