"""The Word format (DOCX)."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def detect(sample: FileSample) -> str | None:
    types = sample.content_types
    if sample.has_office_part("word/document.xml") and (b"wordprocessingml." in types or not types):
        return MEDIA_TYPE
    return MEDIA_TYPE if b"wordprocessingml.document.main" in types else None


FORMAT = Format(
    types={MEDIA_TYPE: (".docx", ".docm", ".dotx")},
    label="Word document",
    is_text=False,
    detect=detect,
)
