"""Source code. A block ends where a blank line is followed by a line without indentation."""

import re
from collections.abc import Iterator

from engines.parsing.formats.code import MEDIA_TYPE_PREFIX
from engines.parsing.parsing_limits import check_size
from engines.parsing.text_encoding import decode_in_blocks, detect_encoding
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.parse_context import ParseContext

_DEFINITION_GAP = re.compile(r"(?<=\S)[^\S\n]*\n(?>(?:[^\S\n]*\n)+)(?=[^\s})\]])")
_MAX_BLOCK_CHARACTERS = 16 * 1024
_MAX_BYTES_PER_CHARACTER = 4


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a program. The file is read incrementally."""
    size = context.path.stat().st_size
    check_size(size, context.limits.characters * _MAX_BYTES_PER_CHARACTER)
    encoding = detect_encoding(context.path)
    context.properties.update(encoding=encoding, language=context.media_type.removeprefix(MEDIA_TYPE_PREFIX))
    pending, separator = "", Separator.BLANK_LINE
    for text, consumed in decode_in_blocks(context.path, encoding):
        *complete, pending = _DEFINITION_GAP.split(pending + text)
        for part in complete:
            yield from _code_blocks(part, separator)
            separator = Separator.BLANK_LINE
        while len(pending) > _MAX_BLOCK_CHARACTERS:
            cut = pending.rfind("\n", 0, _MAX_BLOCK_CHARACTERS) + 1 or _MAX_BLOCK_CHARACTERS
            yield Block(BlockKind.CODE, pending[:cut], separator=separator)
            pending, separator = pending[cut:], Separator.NONE
        context.fraction = consumed / max(1, size)
    yield from _code_blocks(pending, separator)


def _code_blocks(text: str, separator: Separator) -> Iterator[Block]:
    text = text.rstrip() if separator is Separator.NONE else text.rstrip().lstrip("\n")
    while text:
        is_long = len(text) > _MAX_BLOCK_CHARACTERS
        cut = (text.rfind("\n", 0, _MAX_BLOCK_CHARACTERS) + 1 or _MAX_BLOCK_CHARACTERS) if is_long else len(text)
        yield Block(BlockKind.CODE, text[:cut], separator=separator)
        text, separator = text[cut:], Separator.NONE
