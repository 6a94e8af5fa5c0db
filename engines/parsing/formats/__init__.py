"""Supported file formats, one module each.

To add a format, add a module here, list it in `FORMATS`, and add a reader in `worker/readers/`.
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
    ipynb,
    json,
    latex,
    legacy,
    markdown,
    mbox,
    msg,
    odp,
    ods,
    odt,
    pdf,
    plain,
    pptx,
    rtf,
    xls,
    xlsx,
    xml,
)

FORMATS = (
    pdf.FORMAT,
    image.FORMAT,
    docx.FORMAT,
    pptx.FORMAT,
    xlsx.FORMAT,
    xls.FORMAT,
    ods.FORMAT,
    odt.FORMAT,
    odp.FORMAT,
    epub.FORMAT,
    rtf.FORMAT,
    legacy.FORMAT,
    msg.FORMAT,
    html.FORMAT,
    xml.FORMAT,
    code.FORMAT,
    mbox.FORMAT,
    eml.FORMAT,
    ipynb.FORMAT,
    json.FORMAT,
    latex.FORMAT,
    asciidoc.FORMAT,
    csv.FORMAT,
    markdown.FORMAT,
    plain.FORMAT,
)
"""The formats in the order in which detection tries them.

Formats with a signature come first, then text with recognizable markup. Plain text is last because it matches any text.
"""
