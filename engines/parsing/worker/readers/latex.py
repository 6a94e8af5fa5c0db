"""LaTeX, converted by docling. Included files are not opened and no command is executed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

from engines.parsing.parsing_limits import above_limit, check_size
from engines.parsing.text_encoding import decode_file
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.markup.latex_layout import TILDE, header_rows, without_layout
from engines.parsing.worker.parse_context import ParseContext

_NESTING = re.compile(r"\\[\\{}%]|%.*|[{}]|\\(begin|end)\b")
_INCLUDED_FILE = re.compile(r"^[^%\n]*\\(?:input|include|subfile)\s*\{([^{}\n]+)\}", re.MULTILINE)
_UNCONVERTED = re.compile(r"\\(documentclass|begin\{document\})")
"""Commands that remain in the text if docling could not parse the document."""


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a LaTeX file."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    text = without_layout(decode_file(context.path))
    _check_nesting(text, context.limits.nesting)
    from docling.backend.latex_backend import LatexDocumentBackend
    from docling.datamodel.backend_options import LatexBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.blocks.docling_blocks import convert, document_blocks

    options = LatexBackendOptions(parse_timeout=None)
    document = convert(BytesIO(text.encode()), "document.tex", InputFormat.LATEX, LatexDocumentBackend, options)
    _mark_headers(document, header_rows(text))
    _add_warnings(text, document, context)
    for block in document_blocks(document, context):
        yield replace(block, text=block.text.replace(TILDE, "~"))


def _mark_headers(document: Any, counts: list[int]) -> None:
    """Mark the header rows of docling's tables, which docling does not detect.

    `counts` contains the number of header rows of each table in the source. Nothing is marked if docling found a different
    number of tables.
    """
    if len(counts) != len(document.tables):
        return
    for table, rows in zip(document.tables, counts, strict=True):
        for cell in table.data.table_cells:
            cell.column_header = cell.start_row_offset_idx < rows < table.data.num_rows


def _check_nesting(text: str, limit: int) -> None:
    """Raise `DocumentUnreadable` (PARSER_LIMIT) if groups or environments are nested deeper than `limit`.

    docling's converter is recursive. At Python's recursion limit it stops and does not report an error.
    """
    depth = deepest = 0
    for match in _NESTING.finditer(text):
        if match[0] == "{" or match[1] == "begin":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] == "}" or match[1] == "end":
            depth -= 1
    if deepest > limit:
        raise above_limit(f"The document's groups are nested more than {limit:,} levels deep. Simplify its structure.")


def _add_warnings(text: str, document: Any, context: ParseContext) -> None:
    if names := sorted(set(_INCLUDED_FILE.findall(text))):
        context.warnings.append(
            f"Included files were not read: {', '.join(names[:20])}. Upload them as separate documents."
        )
    if any(_UNCONVERTED.search(item.text) for item in document.texts if item.content_layer.value == "body"):
        context.warnings.append("Parts of the LaTeX could not be converted; their text contains commands.")
