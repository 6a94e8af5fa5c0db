"""Readers, one for each file format. A reader yields the blocks of a file and sets its title, properties and coverage."""

from collections.abc import Callable, Iterator

from engines.parsing import formats
from engines.parsing.formats.format import Format
from engines.parsing.worker.blocks.block import Block, PageDone
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import (
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
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

Reader = Callable[[ParseContext], Iterator[Block | PageDone]]

READERS: tuple[tuple[Format, Reader], ...] = (
    (formats.asciidoc.FORMAT, asciidoc.read),
    (formats.code.FORMAT, code.read),
    (formats.csv.FORMAT, csv.read),
    (formats.docx.FORMAT, docx.read),
    (formats.eml.FORMAT, eml.read),
    (formats.epub.FORMAT, epub.read),
    (formats.html.FORMAT, html.read),
    (formats.image.FORMAT, image.read),
    (formats.ipynb.FORMAT, ipynb.read),
    (formats.json.FORMAT, json.read),
    (formats.latex.FORMAT, latex.read),
    (formats.legacy.FORMAT, legacy.read),
    (formats.markdown.FORMAT, markdown.read),
    (formats.mbox.FORMAT, eml.read),
    (formats.msg.FORMAT, msg.read),
    (formats.ods.FORMAT, ods.read),
    (formats.pdf.FORMAT, pdf.read),
    (formats.plain.FORMAT, plain.read),
    (formats.pptx.FORMAT, pptx.read),
    (formats.xls.FORMAT, xls.read),
    (formats.odp.FORMAT, odp.read),
    (formats.odt.FORMAT, odt.read),
    (formats.rtf.FORMAT, rtf.read),
    (formats.xlsx.FORMAT, xlsx.read),
    (formats.xml.FORMAT, xml.read),
)


def reader_for(media_type: str) -> Reader:
    """Return the reader of a media type. Raises `DocumentUnreadable` (UNSUPPORTED) for an unknown one."""
    for known, read in READERS:
        if media_type in known.types:
            return read
    raise DocumentUnreadable(
        ErrorCode.UNSUPPORTED, f"Files of the type {media_type} are not supported. Save the document in another format."
    )
