"""Image files: scans and photographs.

They are accepted even if the OCR extra is not installed. The document can be reprocessed after it has been installed.
"""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""Possible sizes of the second header of a BMP file, in bytes. They are checked because the signature is two letters."""


def detect(sample: FileSample) -> str | None:
    head = sample.head
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return "image/bmp"
    return None


FORMAT = Format(
    types={
        "image/png": (".png",),
        "image/jpeg": (".jpg", ".jpeg"),
        "image/tiff": (".tif", ".tiff"),
        "image/webp": (".webp",),
        "image/bmp": (".bmp",),
    },
    label="image",
    is_text=False,
    detect=detect,
)
