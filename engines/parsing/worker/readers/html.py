"""Web pages: without what surrounds their text."""

from collections.abc import Iterator

from engines.parsing.limits import check_size
from engines.parsing.worker.block import Block
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.webpage import clean_page, page_blocks


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    page = clean_page(reading.path.read_bytes(), reading, is_website=True)
    reading.title = page.title
    yield from page_blocks(page, reading)
