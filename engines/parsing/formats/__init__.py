"""The formats that are read, in the order in which they are tried. A new one is a file here and a name in `FORMATS`."""

from engines.parsing.formats import csv, docx, html, markdown, pdf, plain

FORMATS = (pdf.FORMAT, docx.FORMAT, html.FORMAT, csv.FORMAT, markdown.FORMAT, plain.FORMAT)

UNSUPPORTED_ARCHIVES = (
    (
        b"presentationml.",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "PowerPoint (.pptx)",
    ),
    (b"spreadsheetml.", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel (.xlsx)"),
    (b"META-INF/container.xml", "application/epub+zip", "EPUB"),
    (b"META-INF/manifest.xml", "application/vnd.oasis.opendocument.text", "OpenDocument"),
    (b"META-INF/MANIFEST.MF", "application/java-archive", "Java archive"),
)
"""What a zip container shows: words in its content types or a name in its directory, media type, name for people."""
