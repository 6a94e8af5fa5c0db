"""The format of OpenDocument text (ODT), as a package or as a flat XML file."""

from functools import partial

from engines.parsing.detection.open_document import detect_open_document, flat_type
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.oasis.opendocument.text"
FLAT = flat_type(MEDIA_TYPE)

FORMAT = Format(
    types={MEDIA_TYPE: (".odt", ".ott", ".odm"), FLAT: (".fodt",)},
    label="OpenDocument text",
    is_text=False,
    detect=partial(detect_open_document, media_type=MEDIA_TYPE),
)
