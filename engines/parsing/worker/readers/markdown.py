"""Markdown, converted by docling."""

from collections.abc import Iterator
from io import BytesIO

from engines.parsing.parsing_limits import check_size
from engines.parsing.text_encoding import decode_file
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a Markdown file."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    from docling.backend.md_backend import MarkdownDocumentBackend
    from docling.datamodel.backend_options import MarkdownBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.blocks.docling_blocks import convert, document_blocks

    content = BytesIO(decode_file(context.path).encode())
    document = convert(content, "document.md", InputFormat.MD, MarkdownDocumentBackend, MarkdownBackendOptions())
    yield from document_blocks(document, context)
