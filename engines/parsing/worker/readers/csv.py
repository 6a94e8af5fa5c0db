"""CSV and other delimited tables, read row by row with Python's `csv`. docling would load the whole table into memory."""

import csv
from collections.abc import Iterator
from itertools import chain, islice

from engines.parsing.formats.csv import DELIMITERS, TAB_SEPARATED
from engines.parsing.parsing_limits import above_limit
from engines.parsing.text_encoding import decode_in_blocks, detect_encoding
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.blocks.table_rows import can_be_header, table_blocks
from engines.parsing.worker.parse_context import ParseContext

_SAMPLE_LINES = 200
_SAMPLE_CHARACTERS = 16 * 1024
_MAX_FIELD_CHARACTERS = 1024 * 1024


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the rows of a table. The file is read incrementally."""
    csv.field_size_limit(_MAX_FIELD_CHARACTERS)
    context.tables = 1
    lines = _lines(context)
    sample = list(islice(lines, _SAMPLE_LINES))
    dialect, has_header = _sniff("".join(sample)[:_SAMPLE_CHARACTERS], context)
    rows = csv.reader(chain(sample, lines), dialect)
    try:
        header = next(rows, []) if has_header else []
        yield from table_blocks(header, _counted(rows, context))
    except csv.Error as error:
        raise above_limit(
            f"Row {rows.line_num:,} of the table cannot be parsed: {error}. Check the quotation marks before it."
        ) from error


def _counted(rows: Iterator[list[str]], context: ParseContext) -> Iterator[list[str]]:
    for row in rows:
        context.count_cells(len(row))
        yield row


def _lines(context: ParseContext) -> Iterator[str]:
    """Yield the lines with their newlines, as `csv.reader` expects them.

    Raises `DocumentUnreadable` (PARSER_LIMIT) for a line longer than the longest field.
    """
    encoding = detect_encoding(context.path)
    context.properties["encoding"] = encoding
    size = max(1, context.path.stat().st_size)
    pending = ""
    for text, consumed in decode_in_blocks(context.path, encoding):
        *lines, pending = (pending + text).split("\n")
        yield from (line + "\n" for line in lines)
        if len(pending) > _MAX_FIELD_CHARACTERS:
            raise above_limit(
                f"A line of the table has more than {_MAX_FIELD_CHARACTERS:,} characters. Check its line endings."
            )
        context.fraction = consumed / size
    if pending:
        yield pending


def _sniff(sample: str, context: ParseContext) -> tuple[type[csv.Dialect], bool]:
    """Return the dialect of a table, and True if its first row contains the column names."""
    sniffer = csv.Sniffer()
    whole_lines = sample[: sample.rfind("\n") + 1] or sample
    try:
        dialect = sniffer.sniff(whole_lines, DELIMITERS)
    except csv.Error:
        dialect = csv.excel_tab if context.media_type == TAB_SEPARATED else csv.excel
    dialect.strict = False
    dialect.doublequote = True
    return dialect, _has_header(whole_lines, dialect)


def _has_header(sample: str, dialect: type[csv.Dialect]) -> bool:
    first = next(csv.reader(sample.splitlines(), dialect), [])
    return all(cell.strip() for cell in first) and can_be_header(first)
