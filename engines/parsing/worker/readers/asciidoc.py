"""AsciiDoc, by docling."""

import re
from collections.abc import Iterator
from io import BytesIO

from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.limits import check_size
from engines.parsing.worker.block import Block
from engines.parsing.worker.reading import Reading

_TABLE = re.compile(r"^(\|===)[ \t]*\n(.*?)^(\|===)[ \t]*$", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"(?<!\\)\|((?:\\\||[^|])*)")
_SPANNING = re.compile(r"(?:^|\s)[\d.+*]+[<^>a-z.]*\|", re.MULTILINE)
"""A cell that goes over several columns or stands for several cells: `2+|`."""


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    from docling.backend.asciidoc_backend import AsciiDocBackend
    from docling.datamodel.backend_options import AsciiDocBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.docling_blocks import blocks_of, convert

    text = "".join(piece for piece, _ in decoded_pieces(reading.path, detect_encoding(reading.path)))
    text = _TABLE.sub(_straightened, text)
    options = AsciiDocBackendOptions(encoding="utf-8")
    document = convert(BytesIO(text.encode()), "document.adoc", InputFormat.ASCIIDOC, AsciiDocBackend, options)
    yield from blocks_of(document, reading)


def _straightened(table: re.Match[str]) -> str:
    """A table with all cells of a row on one line: docling takes each line for a row, AsciiDoc counts cells."""
    first, *rest = table[2].strip("\n").split("\n")
    columns = len(_CELL.findall(first))
    cells = [cell.strip().replace("\n", " ") for cell in _CELL.findall("\n".join(rest))]
    if columns < 2 or len(cells) % columns or _SPANNING.search(table[2]):
        return table[0]
    rows = (" |".join(cells[start : start + columns]) for start in range(0, len(cells), columns))
    return "\n".join([table[1], first, *(f"|{row}" for row in rows), table[3]])
