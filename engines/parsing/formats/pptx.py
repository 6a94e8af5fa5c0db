"""The PowerPoint format (PPTX), with its variants: shows, templates, files with macros, and strict files."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_MAIN_TYPES = (
    b"presentationml.presentation.main",
    b"presentationml.slideshow.main",
    b"presentationml.template.main",
    b"ms-powerpoint.presentation.macroenabled",
    b"ms-powerpoint.slideshow.macroenabled",
    b"ms-powerpoint.template.macroenabled",
)


def detect(sample: FileSample) -> str | None:
    types = sample.content_types.lower()
    if any(main in types for main in _MAIN_TYPES):
        return MEDIA_TYPE
    return MEDIA_TYPE if sample.has_office_part("ppt/presentation.xml") else None


FORMAT = Format(
    types={MEDIA_TYPE: (".pptx", ".pptm", ".potx", ".potm", ".ppsx", ".ppsm")},
    label="PowerPoint presentation",
    is_text=False,
    detect=detect,
)
