"""Plain text, read incrementally. Paragraphs end at blank lines."""

import re
from collections.abc import Iterator

from engines.parsing.parsing_limits import check_size
from engines.parsing.text_encoding import decode_in_blocks, detect_encoding
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.parse_context import ParseContext

_MAX_BLOCK_CHARACTERS = 16 * 1024
"""Maximum length of a block, in code points. A longer paragraph continues in the next block, without a separator."""
_MAX_BYTES_PER_CHARACTER = 4
"""Maximum number of bytes for one character in any encoding.

A file with more than this many bytes for each allowed character certainly exceeds `limits.characters`.
"""
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)*")


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the paragraphs of a text file. Add a warning if characters could not be decoded."""
    size = context.path.stat().st_size
    check_size(size, context.limits.characters * _MAX_BYTES_PER_CHARACTER)
    encoding = detect_encoding(context.path)
    context.properties["encoding"] = encoding
    replaced = 0
    pending, separator = "", Separator.BLANK_LINE
    for text, consumed in decode_in_blocks(context.path, encoding):
        replaced += text.count("\ufffd")
        *paragraphs, pending = _BLANK_LINES.split(pending + text)
        for paragraph in paragraphs:
            yield from _paragraph_blocks(paragraph, separator)
            separator = Separator.BLANK_LINE
        while len(pending) > _MAX_BLOCK_CHARACTERS:
            cut = _cut_position(pending)
            yield Block(BlockKind.PARAGRAPH, pending[:cut], separator=separator)
            pending, separator = pending[cut:], Separator.NONE
        context.fraction = consumed / max(1, size)
    yield from _paragraph_blocks(pending, separator)
    if replaced:
        context.warnings.append(
            f"{replaced:,} characters could not be decoded as {encoding} and were replaced. Save the file as UTF-8."
        )


def _cut_position(text: str) -> int:
    """Return the position at which to divide a text that is too long for a block: after its last line, else last word."""
    for end in "\n", " ":
        if cut := text.rfind(end, 0, _MAX_BLOCK_CHARACTERS) + 1:
            return cut
    return _MAX_BLOCK_CHARACTERS


def _paragraph_blocks(text: str, separator: Separator) -> Iterator[Block]:
    text = text.rstrip() if separator is Separator.NONE else text.rstrip().lstrip("\n")
    while text:
        cut = _cut_position(text) if len(text) > _MAX_BLOCK_CHARACTERS else len(text)
        yield Block(BlockKind.PARAGRAPH, text[:cut], separator=separator)
        text, separator = text[cut:], Separator.NONE
