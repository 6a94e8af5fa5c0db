"""The format of OpenDocument presentations (ODP), as packages or as flat XML files."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.oasis.opendocument.presentation"
FLAT = "application/vnd.oasis.opendocument.presentation-flat-xml"


def detect(sample: FileSample) -> str | None:
    if sample.package_type.startswith(MEDIA_TYPE):
        return MEDIA_TYPE
    is_flat = "<office:document" in sample.text and f'office:mimetype="{MEDIA_TYPE}' in sample.text
    return FLAT if is_flat else None


FORMAT = Format(
    types={MEDIA_TYPE: (".odp", ".otp"), FLAT: (".fodp",)},
    label="OpenDocument presentation",
    is_text=False,
    detect=detect,
)
