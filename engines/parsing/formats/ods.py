"""OpenDocument spreadsheets (ODS), their templates (OTS), and flat XML files (FODS)."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.detection.open_document import detect_open_document, flat_type
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
FLAT = flat_type(MEDIA_TYPE)


def detect(sample: FileSample) -> str | None:
    """Detect by the stated media type. An archive that states none is a spreadsheet if it has the extension `.ods`."""
    is_named = sample.extension == ".ods" and "content.xml" in sample.archive_names
    if is_named and not sample.package_type:
        return MEDIA_TYPE
    return detect_open_document(sample, MEDIA_TYPE)


FORMAT = Format(
    types={MEDIA_TYPE: (".ods", ".ots"), FLAT: (".fods",)},
    label="OpenDocument spreadsheet",
    is_text=False,
    detect=detect,
)
