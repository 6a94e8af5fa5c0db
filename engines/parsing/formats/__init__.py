"""The formats that are read, in the order in which they are tried. A new one is a file here and a name in `FORMATS`.

First those that their bytes betray, then texts that look like something, at last text that is nothing else.
"""

from engines.parsing.formats import (
    asciidoc,
    code,
    csv,
    docx,
    eml,
    epub,
    html,
    image,
    json,
    latex,
    markdown,
    pdf,
    plain,
    pptx,
    xlsx,
    xml,
)

FORMATS = (
    pdf.FORMAT,
    image.FORMAT,
    docx.FORMAT,
    pptx.FORMAT,
    xlsx.FORMAT,
    epub.FORMAT,
    html.FORMAT,
    xml.FORMAT,
    code.FORMAT,
    eml.FORMAT,
    json.FORMAT,
    latex.FORMAT,
    asciidoc.FORMAT,
    csv.FORMAT,
    markdown.FORMAT,
    plain.FORMAT,
)

UNSUPPORTED_ARCHIVES = (
    (b"ms-excel.sheet.binary", "application/vnd.ms-excel.sheet.binary.macroenabled.12", "binary Excel (.xlsb)"),
    (b"META-INF/manifest.xml", "application/vnd.oasis.opendocument.text", "OpenDocument"),
    (b"META-INF/MANIFEST.MF", "application/java-archive", "Java archive"),
)
"""What a zip container shows: words in its content types or a name in its directory, media type, name for people."""
