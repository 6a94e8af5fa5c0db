"""JSON, held whole, and JSON Lines, read line by line; numbers stay as they are written."""

import json
from collections.abc import Iterator

from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.formats.json import JSON_LINES
from engines.parsing.limits import above_limit, check_size
from engines.parsing.worker.block import Block, BlockKind, Glue
from engines.parsing.worker.readers import plain
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.values import Members, check_nesting, is_small, row_block, value_blocks

_LONGEST_LINE = 16 * 1024 * 1024
_DECODER = json.JSONDecoder(object_pairs_hook=Members, parse_int=str, parse_float=str, parse_constant=str)


def read(reading: Reading) -> Iterator[Block]:
    return _lines(reading) if reading.media_type == JSON_LINES else _whole(reading)


def _whole(reading: Reading) -> Iterator[Block]:
    check_size(reading.path.stat().st_size, reading.limits.markup_bytes)
    encoding = detect_encoding(reading.path)
    text = "".join(piece for piece, _ in decoded_pieces(reading.path, encoding))
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        reading.warnings.append(
            f"It is no valid JSON at line {error.lineno:,}, column {error.colno:,}; it was read as plain text."
        )
        yield from plain.read(reading)
    else:
        yield from value_blocks(value, reading.limits.nesting)


def _decode(text: str) -> object:
    """Raises `JSONDecodeError`, and PARSER_LIMIT where Python's own parser gives up."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise above_limit("The document's values are nested too deep.") from None


def _lines(reading: Reading) -> Iterator[Block]:
    broken: list[int] = []
    number, glue = 0, Glue.BLANK_LINE
    for number, line in enumerate(_split(reading), 1):
        if not line.strip():
            continue
        try:
            value = _decode(line)
        except json.JSONDecodeError:
            broken.append(number)
            yield Block(BlockKind.CODE, line.rstrip(), glue=glue)
            continue
        check_nesting(value, reading.limits.nesting)
        if not is_small(value):
            yield from value_blocks(value, reading.limits.nesting)
        elif block := row_block(value, glue):
            yield block
        glue = Glue.NEWLINE
    reading.note_missing(broken, number, "lines", "are no valid JSON and stand as they are")


def _split(reading: Reading) -> Iterator[str]:
    size = max(1, reading.path.stat().st_size)
    held = ""
    for piece, consumed in decoded_pieces(reading.path, detect_encoding(reading.path)):
        *lines, held = (held + piece).split("\n")
        reading.fraction = consumed / size
        yield from lines
        if len(held) > _LONGEST_LINE:
            raise above_limit("A line has more than 16 million characters.")
    yield held
