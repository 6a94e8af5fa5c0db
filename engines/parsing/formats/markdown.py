"""Markdown, by docling."""

import re
from collections.abc import Iterator
from io import BytesIO

from engines.parsing.block import Block
from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.formats.format import Format
from engines.parsing.limits import check_size
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen

_MARKS = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^(```|~~~)", re.MULTILINE),
    re.compile(r"^\|.*\|\s*\n\|[ :|-]+\|", re.MULTILINE),
    re.compile(r"\[[^\[\]\n]{1,500}\]\([^)\s]{1,500}\)"),
    re.compile(r"\*\*\S[^*\n]*\*\*"),
)


def recognize(specimen: Specimen) -> str | None:
    """By its name; without one, by marks of two different kinds."""
    if not specimen.is_text:
        return None
    if specimen.extension in FORMAT.extensions:
        return "text/markdown"
    marks = sum(bool(mark.search(specimen.text)) for mark in _MARKS)
    return "text/markdown" if not specimen.extension and marks >= 2 else None


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    from docling.backend.md_backend import MarkdownDocumentBackend
    from docling.datamodel.backend_options import MarkdownBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.docling_blocks import blocks_of, convert

    encoding = detect_encoding(reading.path)
    text = "".join(piece for piece, _ in decoded_pieces(reading.path, encoding))
    content = BytesIO(text.encode())
    document = convert(content, "document.md", InputFormat.MD, MarkdownDocumentBackend, MarkdownBackendOptions())
    yield from blocks_of(document, reading)


FORMAT = Format(
    types={"text/markdown": (".md", ".markdown", ".mdown", ".mkd")},
    label="Markdown text",
    is_text=True,
    recognize=recognize,
    read=read,
)
