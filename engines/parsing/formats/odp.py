"""The format of OpenDocument presentations (ODP), as packages or as flat XML files."""

from functools import partial

from engines.parsing.detection.open_document import detect_open_document, flat_type
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.oasis.opendocument.presentation"
FLAT = flat_type(MEDIA_TYPE)

FORMAT = Format(
    types={MEDIA_TYPE: (".odp", ".otp"), FLAT: (".fodp",)},
    label="OpenDocument presentation",
    is_text=False,
    detect=partial(detect_open_document, media_type=MEDIA_TYPE),
)
