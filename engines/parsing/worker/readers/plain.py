"""Plain text, and whatever else is text: read in pieces, never whole; paragraphs end at blank lines."""

import re
from collections.abc import Iterator

from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.limits import check_size
from engines.parsing.worker.block import Block, BlockKind, Glue
from engines.parsing.worker.reading import Reading

LONGEST = 16 * 1024
"""Code points of a block: a paragraph without an end goes on in the next block, glued without anything."""
_MOST_BYTES = 4
"""Of one character, in any encoding: a file with more bytes than that has too many characters for sure."""
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)*")


def read(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.characters * _MOST_BYTES)
    encoding = detect_encoding(reading.path)
    reading.properties["encoding"] = encoding
    size = max(1, reading.path.stat().st_size)
    replaced = 0
    held, glue = "", Glue.BLANK_LINE
    for piece, consumed in decoded_pieces(reading.path, encoding):
        replaced += piece.count("\ufffd")
        *paragraphs, held = _BLANK_LINES.split(held + piece)
        for paragraph in paragraphs:
            yield from _paragraph(paragraph, glue)
            glue = Glue.BLANK_LINE
        while len(held) > LONGEST:
            cut = _last_cut(held)
            yield Block(BlockKind.PARAGRAPH, held[:cut], glue=glue)
            held, glue = held[cut:], Glue.NOTHING
        reading.fraction = consumed / size
    yield from _paragraph(held, glue)
    if replaced:
        reading.warnings.append(f"{replaced:,} characters could not be decoded as {encoding} and were replaced.")


def _last_cut(text: str) -> int:
    """Behind the last line, else word, that ends within the longest block."""
    for end in "\n", " ":
        if cut := text.rfind(end, 0, LONGEST) + 1:
            return cut
    return LONGEST


def _paragraph(text: str, glue: Glue) -> Iterator[Block]:
    text = text.rstrip() if glue is Glue.NOTHING else text.rstrip().lstrip("\n")
    while text:
        cut = _last_cut(text) if len(text) > LONGEST else len(text)
        yield Block(BlockKind.PARAGRAPH, text[:cut], glue=glue)
        text, glue = text[cut:], Glue.NOTHING
