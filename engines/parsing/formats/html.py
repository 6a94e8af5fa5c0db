"""Web pages: without what surrounds their text."""

import re
from collections.abc import Iterator

from engines.parsing.block import Block
from engines.parsing.formats.format import Format
from engines.parsing.limits import check_size
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen
from engines.parsing.webpage import clean_page, page_blocks

_BEGINNING = re.compile(r"\s*(<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_TAGS = re.compile(r"</?(p|div|h[1-6]|table|ul|ol|li|span|a|br|section|article)\b[^>]*>", re.I)


def recognize(specimen: Specimen) -> str | None:
    """By how it begins; where its name says so, by any tag."""
    if begins_like_page(specimen.text):
        return "text/html"
    named = specimen.extension in FORMAT.extensions and not specimen.text.lstrip().startswith("<?xml")
    return "text/html" if named and _TAGS.search(specimen.text) else None


def begins_like_page(text: str) -> bool:
    return bool(_BEGINNING.match(text[:4096]))


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    page = clean_page(reading.path.read_bytes(), reading, is_website=True)
    reading.title = page.title
    yield from page_blocks(page, reading)


FORMAT = Format(
    types={"text/html": (".html", ".htm", ".xhtml")},
    label="web page",
    is_text=True,
    recognize=recognize,
    read=read,
)
