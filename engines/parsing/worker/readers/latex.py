"""LaTeX, by docling: no file that it names is opened, and nothing is run."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.limits import above_limit, check_size
from engines.parsing.worker.block import Block
from engines.parsing.worker.reading import Reading

_NESTING = re.compile(r"\\[\\{}%]|%.*|[{}]|\\(begin|end)\b")
_INCLUDED = re.compile(r"^[^%\n]*\\(?:input|include|subfile)\s*\{([^{}\n]+)\}", re.MULTILINE)
_COMMANDS = re.compile(r"\\(documentclass|begin\{document\})")


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    text = "".join(piece for piece, _ in decoded_pieces(reading.path, detect_encoding(reading.path)))
    _check_nesting(text, reading.limits.nesting)
    from docling.backend.latex_backend import LatexDocumentBackend
    from docling.datamodel.backend_options import LatexBackendOptions
    from docling.datamodel.base_models import InputFormat

    from engines.parsing.worker.docling_blocks import blocks_of, convert

    options = LatexBackendOptions(parse_timeout=None)
    document = convert(BytesIO(text.encode()), "document.tex", InputFormat.LATEX, LatexDocumentBackend, options)
    _warn(text, document, reading)
    yield from blocks_of(document, reading)


def _check_nesting(text: str, limit: int) -> None:
    """docling's walk is recursive, and it would hide that it broke off."""
    depth = deepest = 0
    for match in _NESTING.finditer(text):
        if match[0] == "{" or match[1] == "begin":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] == "}" or match[1] == "end":
            depth -= 1
    if deepest > limit:
        raise above_limit(f"The document's groups are nested more than {limit} deep.")


def _warn(text: str, document: Any, reading: Reading) -> None:
    if names := sorted(set(_INCLUDED.findall(text))):
        reading.warnings.append(f"Files that it includes were not read; upload them, too: {', '.join(names[:20])}.")
    if any(_COMMANDS.search(item.text) for item in document.texts if item.content_layer.value == "body"):
        reading.warnings.append("Parts of the LaTeX could not be understood; they were read with their commands.")
