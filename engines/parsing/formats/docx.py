"""The Word format (DOCX), with its variants: templates, documents with macros, and strict files."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MAIN_TYPES = (
    b"wordprocessingml.document.main",
    b"wordprocessingml.template.main",
    b"ms-word.document.macroenabled",
    b"ms-word.template.macroenabled",
)


def detect(sample: FileSample) -> str | None:
    types = sample.content_types.lower()
    if any(main in types for main in _MAIN_TYPES):
        return MEDIA_TYPE
    return MEDIA_TYPE if sample.has_office_part("word/document.xml") and not types else None


FORMAT = Format(
    types={MEDIA_TYPE: (".docx", ".docm", ".dotx", ".dotm")},
    label="Word document",
    is_text=False,
    detect=detect,
)
