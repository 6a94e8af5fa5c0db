"""Tables in a stream of rows, as in sheets and CSV files: titles, headers, records, notes, and tables side by side.

Only the first rows of a table are kept in memory. An empty row ends a table, and an empty column divides two tables.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.cell_values import ValueKind, kind_of
from engines.parsing.worker.blocks.header_rows import Header, header_of_rows, is_single
from engines.parsing.worker.blocks.key_values import key_value_lines
from engines.parsing.worker.blocks.table_rows import is_bold, is_covered, row_text, table_blocks
from engines.parsing.worker.parse_context import ParseContext

_HEAD_ROWS = 200
_MAX_PREAMBLE = 30
"""Rows before the header of a table, among which it is searched."""
_FULL = 0.6
"""Share of the usual number of filled cells, from which a row can be the header or a record."""
_ALIKE = 0.8
_MIN_NOTE_CHARACTERS = 24
_MAX_NOTES = 20
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of the last table, with which a table without a header continues."""

    names: tuple[str, ...] = ()
    values: frozenset[int] = frozenset()
    "Columns of numbers."
    start: int = 0
    "Index of the first column in the rows of the sheet."
    has_records: bool = True
    "False if no record followed the names, so that those below an empty row are the first."


class TableLayout:
    """Converts the rows of one sheet or file to blocks.

    `is_data_file` is True for a CSV file: its first row is more likely a header than the first pair of a form, rows with
    one cell are records, and empty rows do not end a list of texts.
    """

    def __init__(self, context: ParseContext, *, is_data_file: bool = False) -> None:
        self._context = context
        self._is_data_file = is_data_file
        self._columns = _Columns()

    def blocks(self, rows: Iterable[Row]) -> Iterator[Block]:
        """Yield the blocks of all rows, which are read incrementally."""
        for is_filled, run in groupby(rows, key=any):
            if is_filled:
                yield from self._run_blocks(run)

    def _run_blocks(self, run: Iterator[Row]) -> Iterator[Block]:
        """Yield the blocks of rows without an empty row between them."""
        while head := list(islice(run, _HEAD_ROWS)):
            is_list = self._is_data_file and len(head) > 1 and _width(head) == 1
            titles = 0 if is_list else _title_count(head)
            yield from (Block(BlockKind.PARAGRAPH, _single_text(row)) for row in head[:titles])
            if titles < len(head):
                yield from self._area_blocks(head[titles:], run)

    def _area_blocks(self, head: list[Row], rest: Iterator[Row]) -> Iterator[Block]:
        areas = column_areas(head)
        if len(areas) < 2:
            known = self._columns.start
            start = known if self._continues([_from(row, known) for row in head]) else areas[0].start
            yield from self._table_blocks(
                [_from(row, start) for row in head], (_from(row, start) for row in rest), start
            )
            return
        before, columns = self._columns, []
        for area in areas:
            self._columns = _Columns()
            yield from self.blocks([row[area.start : area.stop] for row in head])
            columns.append(self._columns.names)
        self._columns = before
        for row in rest:
            parts: list[tuple[tuple[str, ...], Row]] = [((), row[: areas[0].start])]
            parts += [(names, row[area.start : area.stop]) for names, area in zip(columns, areas, strict=True)]
            yield from (_row_block(text, names) for names, cells in parts if (text := row_text(names, cells)))

    def _table_blocks(self, head: list[Row], rest: Iterator[Row], start: int) -> Iterator[Block]:
        """Yield the blocks of a table, whose first column is the column `start` of the sheet."""
        self._context.tables = (self._context.tables or 0) + 1
        if not (start == self._columns.start and self._continues(head)):
            following = list(islice(rest, 1))
            rest = chain(following, rest)
            if not following and (lines := self._pair_lines(head)):
                self._columns = _Columns()
                yield from _line_blocks(lines)
                return
            head = yield from self._begin_table(head, start)
        yield from self._record_blocks(chain(head, rest))

    def _continues(self, head: Sequence[Row]) -> bool:
        """Return True if the rows have no header of their own and fit below the names of the table before."""
        known, first = self._columns, head[0]
        if not any(known.names) or len(_trimmed(first)) > len(known.names):
            return False
        header = header_of_rows(head)
        if header and (header.is_certain or not known.has_records):
            return False
        values = [row[column] for row in head for column in known.values if column < len(row) and row[column]]
        if values:
            return sum(kind_of(one_line(value)) is not ValueKind.TEXT for value in values) >= _ALIKE * len(values)
        return (self._is_data_file and not known.values) or not known.has_records

    def _pair_lines(self, rows: Sequence[Row]) -> list[str] | None:
        used = _used_columns(rows)
        cells = [[row[column] if column < len(row) else "" for column in used] for row in rows]
        columns = list(zip(*cells, strict=True))
        odd = any(is_bold(cell) for column in columns[1::2] for cell in column)
        even = [cell for column in columns[::2] for cell in column if cell]
        first_is_bold = all(map(is_bold, filter(None, cells[0]))) and not (
            len(cells) > 1 and any(map(is_bold, cells[1]))
        )
        return key_value_lines(
            cells,
            header_is_bold=first_is_bold,
            keys_are_bold=not odd and bool(even) and all(map(is_bold, even)),
            needs_evidence=self._is_data_file or len(cells) == 1,
        )

    def _begin_table(self, head: list[Row], column: int) -> Generator[Block, None, list[Row]]:
        """Yield the lines above the header, remember the names of the columns and return the rows below."""
        start, header = _find_header(head)
        yield from _line_blocks([_preamble_text(row) for row in head[:start]])
        below = head[start + (header.height if header else 0) :]
        if header:
            self._columns = _Columns(header.names, _value_columns(below), column, bool(below))
            if not below:
                yield from table_blocks(header.names, [])
        elif column != self._columns.start or len(self._columns.names) < _width(below):
            self._columns = _Columns()
        return below

    def _record_blocks(self, rows: Iterator[Row]) -> Iterator[Block]:
        """Yield the lines of records. Notes below the last record become paragraphs."""
        names, separator = self._columns.names, Separator.BLANK_LINE
        notes: list[Row] = []
        for row in rows:
            if len(names) > 1 and len(notes) < _MAX_NOTES and _is_note(row):
                notes.append(row)
                continue
            for cells in (*notes, row):
                if text := _record_text(names, cells):
                    yield _row_block(text, names, separator)
                    separator = Separator.NEWLINE
            notes = []
        yield from (Block(BlockKind.PARAGRAPH, _single_text(row)) for row in notes)


def _row_block(text: str, names: tuple[str, ...], separator: Separator = Separator.NEWLINE) -> Block:
    return Block(BlockKind.TABLE_ROW, text, header=names, separator=separator)


def _line_blocks(lines: Iterable[str]) -> Iterator[Block]:
    separator = Separator.BLANK_LINE
    for line in lines:
        yield _row_block(line, (), separator)
        separator = Separator.NEWLINE


def _record_text(names: Sequence[str], row: Row) -> str:
    """Return the line of a record. A cell that is merged over all columns is returned without a column name."""
    if is_single(row) and any(map(is_covered, row)) and sum(map(bool, row)) > 1:
        return _single_text(row)
    return row_text(names, row)


def _single_text(row: Row) -> str:
    return next((text for cell in row if (text := one_line(cell))), "")


def _preamble_text(row: Row) -> str:
    """Return a line above a table. The first of two cells names the second, as in `Account:` and its number."""
    cells = [text for cell in row if not is_covered(cell) and (text := one_line(cell))]
    return f"{cells[0].rstrip(': ')}: {cells[1]}" if len(cells) == 2 else ", ".join(cells)


def _is_note(row: Row) -> bool:
    """Return True for a row with a sentence in its first column only."""
    text = row[0].strip() if row else ""
    return bool(text) and is_single(row) and (len(text) >= _MIN_NOTE_CHARACTERS or text[0] in "*†‡(")


def _from(row: Row, start: int) -> Row:
    """Return the cells from the column `start`, or the whole row if there is text before it."""
    return row if any(row[:start]) else row[start:]


def _title_count(rows: Sequence[Row]) -> int:
    """Return the number of rows at the start that are titles: rows with one cell that names no columns."""
    count = _leading_singles(rows)
    if not 0 < count < len(rows) or not _leaves_labels(rows[count - 1], rows[count:]):
        return count
    return count - 1 if header_of_rows(rows[count - 1 :]) else count


def _first_column(row: Row) -> int:
    return next((column for column, cell in enumerate(row) if cell), 0)


def _leaves_labels(row: Row, below: Sequence[Row]) -> bool:
    """Return True if the first columns have no cell in this row, and cells in the next: labels of the rows have no name."""
    return bool(below) and _first_column(row) > _first_column(below[0])


def _leading_singles(rows: Sequence[Row]) -> int:
    return next((number for number, row in enumerate(rows) if not is_single(row)), len(rows))


def _trimmed(row: Row) -> Row:
    end = next((number for number in range(len(row), 0, -1) if row[number - 1]), 0)
    return row[:end]


def _used_columns(rows: Sequence[Row]) -> list[int]:
    return sorted({column for row in rows for column, cell in enumerate(row) if cell})


def _width(rows: Sequence[Row]) -> int:
    return max((len(_trimmed(row)) for row in rows), default=0)


def _value_columns(rows: Sequence[Row]) -> frozenset[int]:
    found = []
    for column in _used_columns(rows):
        kinds = [kind_of(one_line(row[column])) for row in rows if column < len(row) and row[column]]
        if sum(kind is not ValueKind.TEXT for kind in kinds) >= _ALIKE * len(kinds):
            found.append(column)
    return frozenset(found)


def _find_header(rows: Sequence[Row]) -> tuple[int, Header | None]:
    """Return the index of the first row of a table, behind the lines above it, and its header, or None without one."""
    counts = Counter(filled for row in rows if (filled := sum(map(bool, row))) > 1)
    usual = max(counts, key=lambda filled: (counts[filled], filled), default=1)
    first_full = next((start for start, row in enumerate(rows[:_MAX_PREAMBLE]) if sum(map(bool, row)) >= usual), 0)
    header = header_of_rows(rows[first_full:])
    if first_full and header and header.is_certain:
        above = header_of_rows(rows[first_full - 1 :])
        return (first_full - 1, above) if above and above.height > 1 else (first_full, header)
    for start, row in enumerate(rows[:_MAX_PREAMBLE]):
        header = header_of_rows(rows[start:])
        is_full = sum(map(bool, row)) >= max(min(2, usual), _FULL * usual)
        if is_full and not (usual > 1 and is_single(row)):
            return start, header
        if header and (header.height > 1 or _leaves_labels(row, rows[start + 1 :])):
            return start, header
    return 0, None


def column_areas(rows: Sequence[Row]) -> list[range]:
    """Return the ranges of columns of the tables that are side by side; one range if there is one table.

    Tables are divided by an empty column, and each has names or keys of its own. Columns of values behind an empty column
    belong to the table on their left, whose first column is their label.
    """
    divided = [row for row in rows if not (is_single(row) and any(map(is_covered, row)))]
    areas: list[range] = []
    for column in _used_columns(divided):
        if areas and areas[-1].stop == column:
            areas[-1] = range(areas[-1].start, column + 1)
        else:
            areas.append(range(column, column + 1))
    starts = [area.start for area in areas]
    width = max(map(len, rows), default=0)
    tables: list[range] = []
    for area, end in zip(areas, [*starts[1:], width], strict=True):
        if tables and not (_is_own_table(divided, area) and len(tables[-1]) > 2):
            tables[-1] = range(tables[-1].start, end)
        else:
            tables.append(range(area.start, end))
    return tables or [range(width)]


def _is_own_table(rows: Sequence[Row], area: range) -> bool:
    """Return True for columns that begin with a column of labels, below a header or as keys of their values."""
    cells = [part for row in rows if any(part := row[area.start : area.stop])]
    cells = cells[_leading_singles(cells) :]
    if len(area) < 2 or len(cells) < 2:
        return False
    labels = [kind_of(one_line(row[0])) for row in cells[1:]]
    has_labels = sum(kind is ValueKind.TEXT for kind in labels) > len(labels) / 2
    return has_labels and (header_of_rows(cells) is not None or key_value_lines(cells) is not None)
