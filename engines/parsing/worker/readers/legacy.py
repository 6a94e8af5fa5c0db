"""Documents of old formats. LibreOffice converts them to a newer format, whose reader reads the result."""

from collections.abc import Iterator

from engines.parsing.formats.legacy import FORMAT, POWERPOINT, STAR_IMPRESS
from engines.parsing.parsing_limits import check_size
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.office.libreoffice import converted
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import docx, pptx

_PRESENTATIONS = (POWERPOINT, STAR_IMPRESS)


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of the converted document."""
    is_presentation = context.media_type in _PRESENTATIONS
    extension = FORMAT.types[context.media_type][0]
    original = context.path
    with converted(original, extension, "pptx" if is_presentation else "docx") as path:
        check_size(path.stat().st_size, context.limits.file_bytes)
        context.path = path
        try:
            yield from pptx.read(context) if is_presentation else docx.read(context)
        finally:
            context.path = original
    context.properties["converted_by"] = "LibreOffice"
