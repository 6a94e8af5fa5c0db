"""Word documents: docling for the body's structure; python-docx for what it leaves out."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def recognize(specimen: FileSample) -> str | None:
    types = specimen.content_types
    if specimen.has_office_part("word/document.xml") and (b"wordprocessingml." in types or not types):
        return MEDIA_TYPE
    return MEDIA_TYPE if b"wordprocessingml.document.main" in types else None


FORMAT = Format(
    types={MEDIA_TYPE: (".docx", ".docm", ".dotx")},
    label="Word document",
    is_text=False,
    recognize=recognize,
)
