"""Plain text, and whatever else is text: read in pieces, never whole; paragraphs end at blank lines."""

import re
from collections.abc import Iterator

from engines.parsing.block import Block, BlockKind, Glue
from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.formats.format import Format
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen

LONGEST = 16 * 1024
"""Code points of a block: a paragraph without an end goes on in the next block, glued without anything."""
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_MEDIA_TYPES = {
    ".json": "application/json",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def recognize(specimen: Specimen) -> str | None:
    if not specimen.is_text:
        return None
    if specimen.text.lstrip().startswith("<?xml"):
        return "application/xml"
    return _MEDIA_TYPES.get(specimen.extension, "text/plain")


def read(reading: Reading) -> Iterator[Block]:
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
            yield Block(BlockKind.PARAGRAPH, held[:LONGEST], glue=glue)
            held, glue = held[LONGEST:], Glue.NOTHING
        reading.fraction = consumed / size
    yield from _paragraph(held, glue)
    if replaced:
        reading.warnings.append(f"{replaced:,} characters could not be decoded as {encoding} and were replaced.")


def _paragraph(text: str, glue: Glue) -> Iterator[Block]:
    text = text.rstrip() if glue is Glue.NOTHING else text.rstrip().lstrip("\n")
    for start in range(0, len(text), LONGEST):
        piece = text[start : start + LONGEST]
        if piece.strip() or glue is Glue.NOTHING:
            yield Block(BlockKind.PARAGRAPH, piece, glue=glue)
        glue = Glue.NOTHING


FORMAT = Format(
    media_types=("text/plain", "application/json", "application/xml", "application/yaml"),
    extensions=(".txt", ".text", ".log", ".json", ".xml", ".yaml", ".yml"),
    label="text",
    is_text=True,
    recognize=recognize,
    read=read,
)
