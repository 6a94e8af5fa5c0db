"""JSON, loaded as a whole, and JSON Lines, read line by line. Numbers keep their notation."""

import json
from collections.abc import Iterator

from engines.parsing.formats.json import JSON_LINES
from engines.parsing.parsing_limits import above_limit, check_size
from engines.parsing.text_encoding import decode_file, decode_in_blocks, detect_encoding
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.nested_values import Members, check_nesting, is_small, row_block, value_blocks
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import plain

_MAX_LINE_CHARACTERS = 16 * 1024 * 1024
_DECODER = json.JSONDecoder(object_pairs_hook=Members, parse_int=str, parse_float=str, parse_constant=str)


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a JSON or JSON Lines file."""
    return _line_blocks(context) if context.media_type == JSON_LINES else _document_blocks(context)


def _document_blocks(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a JSON file. A file with a syntax error is read as plain text, with a warning."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    try:
        value = _decode(decode_file(context.path))
    except json.JSONDecodeError as error:
        context.warnings.append(
            f"The file is not valid JSON at line {error.lineno:,}, column {error.colno:,}, so it was read as plain text. "
            "Correct it and upload it again to search its values by name."
        )
        yield from plain.read(context)
    else:
        yield from value_blocks(value, context.limits.nesting)


def _decode(text: str) -> object:
    """Decode JSON. Raises `JSONDecodeError`, and `DocumentUnreadable` (PARSER_LIMIT) for values nested too deeply."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise above_limit("The document's values are nested too deeply. Flatten the data.") from None


def _line_blocks(context: ParseContext) -> Iterator[Block]:
    """Yield a block for each line. Lines with syntax errors are kept unchanged, with a warning."""
    invalid: list[int] = []
    number, separator = 0, Separator.BLANK_LINE
    for number, line in enumerate(_lines(context), 1):
        if not line.strip():
            continue
        try:
            value = _decode(line)
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
