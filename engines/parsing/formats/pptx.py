"""The PowerPoint format (PPTX)."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def detect(sample: FileSample) -> str | None:
    return MEDIA_TYPE if sample.has_office_part("ppt/presentation.xml") else None


FORMAT = Format(
    types={MEDIA_TYPE: (".pptx", ".pptm", ".potx", ".ppsx")},
    label="PowerPoint presentation",
    is_text=False,
    detect=detect,
)
