"""CSV and its kin, read row by row with Python's own reader: docling would hold the whole table in memory."""

import csv
from collections.abc import Iterator
from itertools import chain, islice

from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.formats.csv import DELIMITERS, TAB_SEPARATED
from engines.parsing.limits import above_limit
from engines.parsing.worker.block import Block
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.tables import names_columns, table_blocks

_SAMPLE_CHARACTERS = 16 * 1024
_LONGEST_FIELD = 1024 * 1024


def read(reading: Reading) -> Iterator[Block]:
    csv.field_size_limit(_LONGEST_FIELD)
    reading.tables = 1
    lines = _lines(reading)
    sample = list(islice(lines, 200))
    dialect, has_header = _sniff("".join(sample)[:_SAMPLE_CHARACTERS], reading)
    rows = csv.reader(chain(sample, lines), dialect)
    try:
        header = next(rows, []) if has_header else []
        yield from table_blocks(header, _counted(rows, reading))
    except csv.Error as error:
        raise above_limit(f"Row {rows.line_num:,} of the table cannot be read: {error}.") from error


def _counted(rows: Iterator[list[str]], reading: Reading) -> Iterator[list[str]]:
    for row in rows:
        reading.count_cells(len(row))
        yield row


def _lines(reading: Reading) -> Iterator[str]:
    """Lines with their ends, as `csv.reader` wants them; a line without an end is cut at the longest field."""
    encoding = detect_encoding(reading.path)
    reading.properties["encoding"] = encoding
    size = max(1, reading.path.stat().st_size)
    held = ""
    for piece, consumed in decoded_pieces(reading.path, encoding):
        *lines, held = (held + piece).split("\n")
        yield from (line + "\n" for line in lines)
        if len(held) > _LONGEST_FIELD:
            raise above_limit("A line of the table has more than a million characters.")
        reading.fraction = consumed / size
    if held:
        yield held


def _sniff(sample: str, reading: Reading) -> tuple[type[csv.Dialect], bool]:
    """The delimiter, and whether the first row names the columns (where in doubt, it does)."""
    sniffer = csv.Sniffer()
    whole_lines = sample[: sample.rfind("\n") + 1] or sample
    try:
        dialect = sniffer.sniff(whole_lines, DELIMITERS)
    except csv.Error:
        dialect = csv.excel_tab if reading.media_type == TAB_SEPARATED else csv.excel
    dialect.strict = False
    dialect.doublequote = True
    return dialect, _first_row_names_columns(whole_lines, dialect)


def _first_row_names_columns(sample: str, dialect: type[csv.Dialect]) -> bool:
    first = next(csv.reader(sample.splitlines(), dialect), [])
    return all(cell.strip() for cell in first) and names_columns(first)
