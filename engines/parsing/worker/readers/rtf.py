"""RTF documents."""

from collections.abc import Iterator
from itertools import chain
from mmap import ACCESS_READ, mmap

from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.rtf.rtf_document import RtfDocument
from engines.parsing.worker.rtf.rtf_tokens import Tokens


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of the body, then headers, footers, notes and comments. The file is mapped, not loaded."""
    context.tables = context.pictures = 0
    with context.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        document = RtfDocument(context)
        blocks = document.blocks(Tokens(content), len(content))
        first = next(blocks, None)
        context.properties.update({name: value for name, value in document.properties.items() if value})
        context.title = context.properties.get("title")
        yield from chain([first] if first else [], blocks)
    document.warn()
