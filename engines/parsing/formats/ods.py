"""OpenDocument spreadsheets (ODS), their templates (OTS), and flat XML files (FODS)."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
FLAT = "application/vnd.oasis.opendocument.spreadsheet-flat-xml"
_STATED = MEDIA_TYPE.encode()
_MARKED_BYTES = 256
"""Number of bytes at the start of the file in which the media type is searched. The entry with it is not compressed."""


def detect(sample: FileSample) -> str | None:
    """Detect by the media type at the start of the archive, or in the root element of a flat XML file."""
    if sample.head.startswith(b"PK"):
        is_stated = _STATED in sample.head[:_MARKED_BYTES]
        is_named = "mimetype" not in sample.archive_names and sample.extension == ".ods"
        return MEDIA_TYPE if (is_stated or is_named) and "content.xml" in sample.archive_names else None
    is_flat = "<office:document" in sample.text and f'office:mimetype="{MEDIA_TYPE}' in sample.text
    return FLAT if is_flat else None


FORMAT = Format(
    types={MEDIA_TYPE: (".ods", ".ots"), FLAT: (".fods",)},
    label="OpenDocument spreadsheet",
    is_text=False,
    detect=detect,
)
