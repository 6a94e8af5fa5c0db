"""JSON, held whole, and JSON Lines, read line by line; numbers stay as they are written."""

import json
import re
from collections.abc import Iterator

from engines.parsing.block import Block, BlockKind, Glue
from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.formats import plain
from engines.parsing.formats.format import Format
from engines.parsing.limits import above_limit, check_size
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen
from engines.parsing.values import Members, check_nesting, is_small, row_block, value_blocks

_JSON = "application/json"
_LINES = "application/x-ndjson"
_BEGINNING = re.compile(r"\s*(\{\s*(\"|\}|$)|\[\s*([\[{\"\]\-\d]|true|false|null|$))")
_LONGEST_LINE = 16 * 1024 * 1024
_DECODER = json.JSONDecoder(object_pairs_hook=Members, parse_int=str, parse_float=str, parse_constant=str)


def recognize(specimen: Specimen) -> str | None:
    """By its first characters and its name; without a name, it must be JSON as far as one can see."""
    if not specimen.is_text or not _BEGINNING.match(specimen.text):
        return None
    first, _, rest = specimen.text.strip().partition("\n")
    is_lines = bool(rest) and _is_object(first) and _is_object(rest.strip().partition("\n")[0])
    claimed = FORMAT.type_of(specimen.extension)
    if claimed == _LINES or (is_lines and not specimen.extension):
        return _LINES
    if claimed:
        return _LINES if is_lines else _JSON
    return _JSON if not specimen.extension and _is_json(specimen.text) else None


def _is_object(line: str) -> bool:
    return line.startswith("{") and _is_json(line)


def _is_json(text: str) -> bool:
    """Also where the text goes on behind the first bytes of the file."""
    try:
        _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg
    except RecursionError:
        return True
    return True


def read(reading: Reading) -> Iterator[Block]:
    return _lines(reading) if reading.media_type == _LINES else _whole(reading)


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


FORMAT = Format(
    types={_JSON: (".json", ".geojson"), _LINES: (".jsonl", ".ndjson")},
    label="JSON file",
    is_text=True,
    recognize=recognize,
    read=read,
)
