"""XML: written text (DocBook and its kin) by its structure, everything else as values with their names."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/xml"
_BEGINNING = re.compile(r"\s*(<\?xml\b|<!DOCTYPE\s+(?!html\b)\w)", re.I)
_ELEMENT = re.compile(r"\s*(?><!--.*?-->\s*)*<[A-Za-z_][\w.:-]*(\s[^<>]*)?/?>", re.S)


def recognize(specimen: FileSample) -> str | None:
    """By how it begins; where its name says so, by any element."""
    if _BEGINNING.match(specimen.text):
        return MEDIA_TYPE
    named = specimen.extension in FORMAT.extensions
    return MEDIA_TYPE if named and _ELEMENT.match(specimen.text) else None


FORMAT = Format(
    types={MEDIA_TYPE: (".xml", ".docbook", ".dbk", ".dita", ".tei", ".rss", ".atom")},
    label="XML file",
    is_text=True,
    recognize=recognize,
)
