"""Web pages, without navigation, banners and other clutter."""

from collections.abc import Iterator

from engines.parsing.parsing_limits import check_size
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.markup.web_page import clean_web_page, web_page_blocks
from engines.parsing.worker.parse_context import ParseContext


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a web page."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    page = clean_web_page(context.path.read_bytes(), context, is_website=True)
    context.title = page.title
    yield from web_page_blocks(page, context)
