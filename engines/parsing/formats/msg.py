"""The message format of Outlook (MSG), an OLE container."""

import struct

from engines.parsing.detection.file_sample import OLE_MARK, FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.ms-outlook"
_NAMES = tuple(
    name.encode("utf-16-le")
    for name in (
        "__properties_version1.0",
        "__nameid_version1.0",
        "__substg1.0_",
        "__recip_version1.0_",
        "__attach_version1.0_",
    )
)
"""Beginnings of the names of all entries of a message. Other OLE files have none of them."""
_HEADER_BYTES = 512
_MAX_SECTOR_SHIFT = 12


def detect(sample: FileSample) -> str | None:
    """Detect by the names in the first sector of the container's directory."""
    if not sample.head.startswith(OLE_MARK) or len(sample.head) < _HEADER_BYTES:
        return None
    [shift] = struct.unpack_from("<H", sample.head, 30)
    [sector] = struct.unpack_from("<I", sample.head, 48)
    if shift > _MAX_SECTOR_SHIFT:
        return None
    with sample.path.open("rb") as file:
        file.seek((sector + 1) << shift)
        directory = file.read(1 << shift)
    return MEDIA_TYPE if any(name in directory for name in _NAMES) else None


FORMAT = Format(
    types={MEDIA_TYPE: (".msg",)},
    label="Outlook message",
    is_text=False,
    detect=detect,
)
