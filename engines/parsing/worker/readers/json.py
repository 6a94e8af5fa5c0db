"""JSON, loaded as a whole, and JSON Lines, read line by line. Numbers keep their notation."""

import json
import re
from collections.abc import Iterator

from engines.parsing.formats.json import JSON_LINES
from engines.parsing.parsing_limits import above_limit, check_size
from engines.parsing.text_cleaning import one_line
from engines.parsing.text_encoding import decode_file, decode_in_blocks, detect_encoding
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.nested_values import Members, check_nesting, is_small, row_block, value_blocks
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import plain

_MAX_LINE_CHARACTERS = 16 * 1024 * 1024
_MAX_LISTED = 20
_MIN_BINARY_CHARACTERS = 256
_BINARY = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9+/_\-\r\n]+={0,2}\s*")
"""Base64 data: it contains capital letters, small letters and digits, and no spaces."""
_DATA_ADDRESS = re.compile(r"data:[\w.+/-]+(?:;[\w=.+-]+)*;base64,")


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a JSON or JSON Lines file."""
    return _line_blocks(context) if context.media_type == JSON_LINES else _document_blocks(context)


def _document_blocks(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a JSON file. A file with a syntax error is read as plain text, with a warning."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    binary: list[str] = []
    try:
        value = _decode(decode_file(context.path), binary)
    except json.JSONDecodeError as error:
        context.warnings.append(
            f"The file is not valid JSON at line {error.lineno:,}, column {error.colno:,}, so it was read as plain text. "
            "Correct it and upload it again to search its values by name."
        )
        yield from plain.read(context)
    else:
        yield from value_blocks(value, context.limits.nesting)
        _warn_of_binary(binary, context)


def _decode(text: str, binary: list[str]) -> object:
    """Decode JSON. Members whose value is binary data are left out, and their names are appended to `binary`.

    Raises `JSONDecodeError`, and `DocumentUnreadable` (PARSER_LIMIT) if the values are nested too deeply.
    """

    def members(pairs: list[tuple[str, object]]) -> Members:
        found = Members()
        for name, value in pairs:
            if isinstance(value, str) and _is_binary(value):
                binary.append(name)
            else:
                found.append((name, value))
        return found

    decoder = json.JSONDecoder(object_pairs_hook=members, parse_int=str, parse_float=str, parse_constant=str)
    try:
        return decoder.decode(text)
    except RecursionError:
        raise above_limit("The document's values are nested too deeply. Flatten the data.") from None


def _is_binary(value: str) -> bool:
    """Return True for a long text in base64, such as a picture."""
    start = _DATA_ADDRESS.match(value)
    return len(value) >= _MIN_BINARY_CHARACTERS and bool(_BINARY.fullmatch(value, start.end() if start else 0))


def _warn_of_binary(names: list[str], context: ParseContext) -> None:
    if names:
        listed = ", ".join(dict.fromkeys(map(one_line, names[:_MAX_LISTED])))
        context.warnings.append(f"{len(names):,} values are binary data in base64 and were not read: {listed}.")


def _line_blocks(context: ParseContext) -> Iterator[Block]:
    """Yield a block for each line. Lines with syntax errors are kept unchanged, with a warning."""
    invalid: list[int] = []
    binary: list[str] = []
    number, separator = 0, Separator.BLANK_LINE
    for number, line in enumerate(_lines(context), 1):
        if not line.strip():
            continue
        try:
            value = _decode(line, binary)
        except json.JSONDecodeError:
            invalid.append(number)
            yield Block(BlockKind.CODE, line.rstrip(), separator=separator)
            continue
        check_nesting(value, context.limits.nesting)
        if not is_small(value):
            yield from value_blocks(value, context.limits.nesting)
        elif block := row_block(value, separator):
            yield block
        separator = Separator.NEWLINE
    context.warn_of_parts(invalid, number, "lines", "are not valid JSON and were read as plain text")
    _warn_of_binary(binary, context)


def _lines(context: ParseContext) -> Iterator[str]:
    size = max(1, context.path.stat().st_size)
    pending = ""
    for text, consumed in decode_in_blocks(context.path, detect_encoding(context.path)):
        *lines, pending = (pending + text).split("\n")
        context.fraction = consumed / size
        yield from lines
        if len(pending) > _MAX_LINE_CHARACTERS:
            raise above_limit(
                f"A line exceeds the limit of {_MAX_LINE_CHARACTERS:,} characters. Write each record on its own line."
            )
    yield pending
