"""Pictures on their own: scans and photographs. A document of one page, or of as many as a TIFF has.

They are taken in whether or not anything can recognize text: once it can, the document is reprocessed."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_MARKS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""Sizes of the header behind the first 14 bytes of a BMP file, whose own mark is two letters."""


def recognize(specimen: FileSample) -> str | None:
    head = specimen.head
    for mark, media_type in _MARKS:
        if head.startswith(mark):
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
    recognize=recognize,
)
