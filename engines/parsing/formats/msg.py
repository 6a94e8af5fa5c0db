"""The message format of Outlook (MSG), an OLE container."""

from engines.parsing.detection.file_sample import OLE_MARK, FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.ms-outlook"
_PROPERTIES = "__properties_version1.0"
"""Name of the stream that every message has."""


def detect(sample: FileSample) -> str | None:
    """Detect by the stream of a message's properties, in the container's directory."""
    if not sample.head.startswith(OLE_MARK):
        return None
    from olefile import OleFileIO

    try:
        with OleFileIO(sample.path) as container:
            return MEDIA_TYPE if container.exists(_PROPERTIES) else None
    except (OSError, ValueError, IndexError):
        return None


FORMAT = Format(
    types={MEDIA_TYPE: (".msg",)},
    label="Outlook message",
    is_text=False,
    detect=detect,
)
