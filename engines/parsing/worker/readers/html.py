"""Web pages, without their navigation."""

from collections.abc import Iterator

from engines.parsing.parsing_limits import check_size
from engines.parsing.web_encoding import decode_web_page
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.markup.web_page import website_blocks
from engines.parsing.worker.parse_context import ParseContext


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a web page. Characters that could not be decoded add a warning."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    page = decode_web_page(context.path.read_bytes())
    context.properties["encoding"] = page.encoding
    context.warn_of_decoding(page)
    yield from website_blocks(page.text, context)
