"""The message format of Outlook (MSG), an OLE container."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.ms-outlook"
_NAMES = (
    "__properties_version1.0",
    "__nameid_version1.0",
    "__substg1.0_",
    "__recip_version1.0_",
    "__attach_version1.0_",
)
"""Beginnings of entry names that occur in every message, but in no other OLE container."""


def detect(sample: FileSample) -> str | None:
    return MEDIA_TYPE if any(name.startswith(_NAMES) for name in sample.ole_names) else None


FORMAT = Format(
    types={MEDIA_TYPE: (".msg",)},
    label="Outlook message",
    is_text=False,
    detect=detect,
)
