"""AsciiDoc, converted by docling."""

import re
from collections.abc import Iterator
from io import BytesIO

from engines.parsing.parsing_limits import check_size
from engines.parsing.text_cleaning import one_line
from engines.parsing.text_encoding import decode_file
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext

_TABLE = re.compile(r"^(\|===)[ \t]*\n(.*?)^(\|===)[ \t]*$", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"(?<!\\)\|((?:\\\||[^|])*)")
_SPANNING_CELL = re.compile(r"(?:^|\s)[\d.+*]+[<^>a-z.]*\|", re.MULTILINE)
"""Start of a cell that spans several columns, such as `2+|`, or is repeated, such as `3*|`."""
_LISTING = re.compile(r"^(-{4,}|\.{4,}|\+{4,})[ \t]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r"^:([\w][\w-]*):[ \t]+(\S[^\n]*)$", re.MULTILINE)
_REFERENCE = re.compile(r"\{([\w][\w-]*)\}")
_IMAGE = re.compile(r"\bimage::?[^\s\[\]]+\[\s*\"?([^\],\"]+)[^\]]*\]")
_FOOTNOTE = re.compile(r"\bfootnote:[\w-]*\[([^\]]*)\]|(?<=\w)footnote:[\w-]*\[([^\]]*)\]")
_ATTRIBUTION = re.compile(r"^\[(?:quote|verse),[ \t]*([^\]\n]+)\][ \t]*$", re.MULTILINE)
_INCLUDE = re.compile(r"^include::([^\[\n]+)\[[^\]\n]*\][ \t]*$", re.MULTILINE)


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of an AsciiDoc file."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    from docling.backend.asciidoc_backend import AsciiDocBackend
    from docling.datamodel.backend_options import AsciiDocBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.blocks.docling_blocks import convert, document_blocks

    text = _with_plain_macros(decode_file(context.path))
    if included := sorted({one_line(name) for name in _INCLUDE.findall(text)}):
        context.warnings.append(
            f"Included files were not read: {', '.join(included[:20])}. Upload them as separate documents."
        )
    text = _TABLE.sub(_with_rows_on_one_line, text)
    options = AsciiDocBackendOptions(encoding="utf-8")
    document = convert(BytesIO(text.encode()), "document.adoc", InputFormat.ASCIIDOC, AsciiDocBackend, options)
    yield from document_blocks(document, context)


def _with_plain_macros(text: str) -> str:
    """Return the text with macros that docling does not convert as plain text.

    These are attributes, alternative texts of images, footnotes, and attributions of quotes. Listings are not changed.
    """
    values = dict(_ATTRIBUTE.findall(text))

    def plain(part: str) -> str:
        part = _REFERENCE.sub(lambda match: values.get(match[1], match[0]), part)
        part = _FOOTNOTE.sub(lambda match: f" [{match[1] or match[2] or ''}]", _IMAGE.sub(r"Image: \1", part))
        return _ATTRIBUTION.sub(r"\1:\n\n[quote]", part)

    parts, end = list[str](), 0
    for listing in _LISTING.finditer(text):
        parts += (plain(text[end : listing.start()]), listing[0])
        end = listing.end()
    return "".join([*parts, plain(text[end:])])


def _with_rows_on_one_line(table: re.Match[str]) -> str:
    """Return a table with all cells of a row on one line, because docling takes each line for a row.

    In AsciiDoc, a row ends after as many cells as there are columns. Tables with cells that span columns, and tables with an
    incomplete last row, are returned unchanged.
    """
    first, *rest = table[2].strip("\n").split("\n")
    columns = len(_CELL.findall(first))
    cells = [cell.strip().replace("\n", " ") for cell in _CELL.findall("\n".join(rest))]
    if columns < 2 or len(cells) % columns or _SPANNING_CELL.search(table[2]):
        return table[0]
    rows = (" |".join(cells[start : start + columns]) for start in range(0, len(cells), columns))
    return "\n".join([table[1], first, *(f"|{row}" for row in rows), table[3]])
