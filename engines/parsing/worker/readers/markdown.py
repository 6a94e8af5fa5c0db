"""Markdown, by docling."""

from collections.abc import Iterator
from io import BytesIO

from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.limits import check_size
from engines.parsing.worker.block import Block
from engines.parsing.worker.reading import Reading


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    from docling.backend.md_backend import MarkdownDocumentBackend
    from docling.datamodel.backend_options import MarkdownBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.docling_blocks import blocks_of, convert

    encoding = detect_encoding(reading.path)
    text = "".join(piece for piece, _ in decoded_pieces(reading.path, encoding))
    content = BytesIO(text.encode())
    document = convert(content, "document.md", InputFormat.MD, MarkdownDocumentBackend, MarkdownBackendOptions())
    yield from blocks_of(document, reading)
