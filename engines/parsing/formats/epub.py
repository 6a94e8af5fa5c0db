"""The EPUB format."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/epub+zip"
CONTAINER = "META-INF/container.xml"


def detect(sample: FileSample) -> str | None:
    names = sample.archive_names
    is_book = MEDIA_TYPE.encode() in sample.head[:256] or any(name.endswith(".opf") for name in names)
    return MEDIA_TYPE if CONTAINER in names and is_book else None


FORMAT = Format(
    types={MEDIA_TYPE: (".epub",)},
    label="EPUB book",
    is_text=False,
    detect=detect,
)
