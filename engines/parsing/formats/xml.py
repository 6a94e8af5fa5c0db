"""The XML format: structured data, and documents such as DocBook."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/xml"
_START = re.compile(r"\s*(<\?xml\b|<!DOCTYPE\s+(?!html\b)\w)", re.I)
_ELEMENT = re.compile(r"\s*(?><!--.*?-->\s*)*<[A-Za-z_][\w.:-]*(\s[^<>]*)?/?>", re.S)


def detect(sample: FileSample) -> str | None:
    """Detect by an XML declaration or document type; with an extension of XML, any element at the start is enough."""
    if _START.match(sample.text):
        return MEDIA_TYPE
    named = sample.extension in FORMAT.extensions
    return MEDIA_TYPE if named and _ELEMENT.match(sample.text) else None


_EXTENSIONS = tuple(
    f".{name}"
    for name in "xml docbook dbk dita tei rss atom gpx kml opml plist rdf resx tmx wsdl xlf xliff xsd xsl xslt".split()  # noqa: SIM905
)

FORMAT = Format(
    types={MEDIA_TYPE: _EXTENSIONS},
    label="XML file",
    is_text=True,
    detect=detect,
)
