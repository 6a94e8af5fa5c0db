"""Source code, by its name or its first line: blocks end where a blank line is followed by one that is not indented."""

import re
from collections.abc import Iterator

from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.formats.code import MEDIA_TYPE_PREFIX
from engines.parsing.limits import check_size
from engines.parsing.worker.block import Block, BlockKind, Glue
from engines.parsing.worker.reading import Reading

_DEFINITION = re.compile(r"(?<=\S)[^\S\n]*\n(?>(?:[^\S\n]*\n)+)(?=[^\s})\]])")
_LONGEST = 16 * 1024


def read(reading: Reading) -> Iterator[Block]:
    """In pieces, never whole."""
    size = reading.path.stat().st_size
    check_size(size, reading.limits.characters * 4)
    encoding = detect_encoding(reading.path)
    reading.properties.update(encoding=encoding, language=reading.media_type.removeprefix(MEDIA_TYPE_PREFIX))
    held, glue = "", Glue.BLANK_LINE
    for piece, consumed in decoded_pieces(reading.path, encoding):
        *parts, held = _DEFINITION.split(held + piece)
        for part in parts:
            yield from _code(part, glue)
            glue = Glue.BLANK_LINE
        while len(held) > _LONGEST:
            cut = held.rfind("\n", 0, _LONGEST) + 1 or _LONGEST
            yield Block(BlockKind.CODE, held[:cut], glue=glue)
            held, glue = held[cut:], Glue.NOTHING
        reading.fraction = consumed / max(1, size)
    yield from _code(held, glue)


def _code(text: str, glue: Glue) -> Iterator[Block]:
    text = text.rstrip() if glue is Glue.NOTHING else text.rstrip().lstrip("\n")
    while text:
        cut = (text.rfind("\n", 0, _LONGEST) + 1 or _LONGEST) if len(text) > _LONGEST else len(text)
        yield Block(BlockKind.CODE, text[:cut], glue=glue)
        text, glue = text[cut:], Glue.NOTHING
