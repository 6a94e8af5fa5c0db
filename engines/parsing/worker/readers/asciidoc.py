"""AsciiDoc, converted by docling."""

import re
from collections.abc import Iterator
from io import BytesIO

from engines.parsing.parsing_limits import check_size
from engines.parsing.text_encoding import decode_file
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext

_TABLE = re.compile(r"^(\|===)[ \t]*\n(.*?)^(\|===)[ \t]*$", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"(?<!\\)\|((?:\\\||[^|])*)")
_SPANNING_CELL = re.compile(r"(?:^|\s)[\d.+*]+[<^>a-z.]*\|", re.MULTILINE)
"""A cell that spans several columns or is repeated, such as `2+|`."""


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of an AsciiDoc file."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    from docling.backend.asciidoc_backend import AsciiDocBackend
    from docling.datamodel.backend_options import AsciiDocBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.blocks.docling_blocks import convert, document_blocks

    text = _TABLE.sub(_with_rows_on_one_line, decode_file(context.path))
    options = AsciiDocBackendOptions(encoding="utf-8")
    document = convert(BytesIO(text.encode()), "document.adoc", InputFormat.ASCIIDOC, AsciiDocBackend, options)
    yield from document_blocks(document, context)


def _with_rows_on_one_line(table: re.Match[str]) -> str:
    """Return a table with all cells of a row on one line. docling takes each line for a row, whereas AsciiDoc counts cells.

    Tables with spanning cells and tables with an incomplete last row are returned unchanged.
    """
    first, *rest = table[2].strip("\n").split("\n")
    columns = len(_CELL.findall(first))
    cells = [cell.strip().replace("\n", " ") for cell in _CELL.findall("\n".join(rest))]
    if columns < 2 or len(cells) % columns or _SPANNING_CELL.search(table[2]):
        return table[0]
    rows = (" |".join(cells[start : start + columns]) for start in range(0, len(cells), columns))
    return "\n".join([table[1], first, *(f"|{row}" for row in rows), table[3]])
