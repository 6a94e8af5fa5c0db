"""CSV and other delimited tables, read row by row with Python's `csv`. docling would load the whole table into memory."""

import csv
import re
from collections.abc import Iterator
from itertools import chain, islice

from engines.parsing.formats.csv import TAB_SEPARATED
from engines.parsing.parsing_limits import above_limit
from engines.parsing.text_cleaning import one_line
from engines.parsing.text_encoding import decode_in_blocks, detect_encoding
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.blocks.table_layout import TableLayout
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.sheets.csv_dialect import choose_dialect

_SAMPLE_LINES = 200
_SAMPLE_CHARACTERS = 16 * 1024
_SAMPLE_ROWS = 20
_MAX_FIELD_CHARACTERS = 1024 * 1024
_DELIMITER_LINE = re.compile(r'"?sep=(.)"?\s*', re.I)
"""First line with which Excel states the delimiter of a file."""
_COMMENT = re.compile(r"#+ *(?=[^\s,;|])")


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the rows of a table. The file is read incrementally."""
    csv.field_size_limit(_MAX_FIELD_CHARACTERS)
    context.tables = 0
    lines = _lines(context)
    sample = list(islice(lines, _SAMPLE_LINES))
    stated = _DELIMITER_LINE.fullmatch(sample[0]) if sample else None
    if stated:
        del sample[0]
    text = "".join(sample)[:_SAMPLE_CHARACTERS]
    usual = "\t" if context.media_type == TAB_SEPARATED else ","
    dialect = choose_dialect(text[: text.rfind("\n") + 1] or text, stated[1] if stated else None, usual)
    comments, sample = _leading_comments(sample, dialect)
    yield from (Block(BlockKind.PARAGRAPH, comment) for comment in comments)
    rows = csv.reader(chain(sample, lines), dialect)
    try:
        yield from TableLayout(context, is_data_file=True).blocks(_with_index_name(_counted(rows, context)))
    except csv.Error as error:
        raise above_limit(
            f"Row {rows.line_num:,} of the table cannot be parsed: {error}. Check the quotation marks before it."
        ) from error


def _counted(rows: Iterator[list[str]], context: ParseContext) -> Iterator[list[str]]:
    for row in rows:
        context.count_cells(len(row))
        yield [cell.strip() for cell in row]


def _with_index_name(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the rows. Insert an empty column name at the start of the first row if the other rows have one cell more.

    R writes tables with row names in this way.
    """
    head = list(islice(rows, _SAMPLE_ROWS))
    if len(head) > 1 and all(len(row) == len(head[0]) + 1 and row[0] and row[-1] for row in head[1:]):
        head[0] = ["", *head[0]]
    return chain(head, rows)


def _leading_comments(lines: list[str], dialect: type[csv.Dialect]) -> tuple[list[str], list[str]]:
    """Return the comments at the start of a file, and the lines after them.

    A last comment that contains the column names is returned as a line instead.
    """
    count = next((number for number, line in enumerate(lines) if not _COMMENT.match(line)), 0)
    if not count:
        return [], lines
    comments, others = lines[:count], lines[count:]
    *_, last = csv.reader([_COMMENT.sub("", comments[-1], count=1)], dialect)
    first = next(csv.reader(others, dialect), [])
    if len(last) == len(first) > 1:
        others = [_COMMENT.sub("", comments.pop(), count=1), *others]
    return [one_line(_COMMENT.sub("", comment, count=1)) for comment in comments], others


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
