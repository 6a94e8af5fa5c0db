"""Detection of tables in a stream of rows, as in sheets and CSV files.

An empty row ends a table, and an empty column divides two tables that are side by side. Titles and other lines (the
preamble) can precede the header of a table. The records follow the header, and notes can follow the records. Only the first
rows of a table (`head`) are in memory at once.
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
"""Number of rows at the start of a table in which its header is searched."""
_FULL = 0.6
"""Minimum number of filled cells in a header or first record, as a share of the usual number in a row of the table."""
_ALIKE = 0.8
_MIN_NOTE_CHARACTERS = 24
_MAX_NOTES = 20
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of the previous table. Rows without a header of their own can continue it."""

    names: tuple[str, ...] = ()
    values: frozenset[int] = frozenset()
    "Indexes of the columns that contain numbers or dates."
    start: int = 0
    "Index in the sheet of the table's first column."
    has_records: bool = True
    "False if an empty row follows the header, so that the first records are below the empty row."


class TableLayout:
    """Converts the rows of one sheet or file to blocks.

    `is_data_file` is True for a CSV file. Its first row is then more likely a header than a key with its value, rows with
    one cell are records instead of titles, and texts after an empty row continue the list before it.
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
        """Yield the blocks of consecutive rows that are not empty."""
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
        """Yield the blocks of a table from its first rows `head` and its further rows. `start` is its first column."""
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
        """Return True if the rows have no header and their cells match the columns of the previous table."""
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
        """Yield the lines above the header, store the column names, and return the rows of `head` below the header."""
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
        """Yield a block for each record, and paragraphs for the notes below the last record."""
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
    """Return the text of a record with its column names. A single merged cell is returned without a column name."""
    if is_single(row) and any(map(is_covered, row)) and sum(map(bool, row)) > 1:
        return _single_text(row)
    return row_text(names, row)


def _single_text(row: Row) -> str:
    return next((text for cell in row if (text := one_line(cell))), "")


def _preamble_text(row: Row) -> str:
    """Return the text of a row above a header. Two cells are written as a name and its value, such as `Account: 4711`."""
    cells = [text for cell in row if not is_covered(cell) and (text := one_line(cell))]
    return f"{cells[0].rstrip(': ')}: {cells[1]}" if len(cells) == 2 else ", ".join(cells)


def _is_note(row: Row) -> bool:
    """Return True for a row that can be a note: only its first cell has text, which is long or begins with a note mark."""
    text = row[0].strip() if row else ""
    return bool(text) and is_single(row) and (len(text) >= _MIN_NOTE_CHARACTERS or text[0] in "*†‡(")


def _from(row: Row, start: int) -> Row:
    """Return the cells from the column `start` on, or the whole row if a cell before that column has text."""
    return row if any(row[:start]) else row[start:]


def _title_count(rows: Sequence[Row]) -> int:
    """Return the number of rows at the start that are titles: rows with one cell that is not a part of the header."""
    count = _leading_singles(rows)
    if not 0 < count < len(rows) or not _leaves_labels(rows[count - 1], rows[count:]):
        return count
    return count - 1 if header_of_rows(rows[count - 1 :]) else count


def _first_column(row: Row) -> int:
    return next((column for column, cell in enumerate(row) if cell), 0)


def _leaves_labels(row: Row, below: Sequence[Row]) -> bool:
    """Return True if the row begins further right than the next one, so that it does not name the column of labels."""
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
    """Return the number of rows above the header or first record, and the header; None instead of a missing header."""
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
    """Return the columns of each of several tables that are side by side, or one range if there is only one table.

    An empty column divides two tables if the right one begins with labels and has its own header or keys. Otherwise the
    columns to the right of the empty column belong to the table on their left.
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
    """Return True if the columns are a table of their own: the first contains labels, and there is a header or keys."""
    cells = [part for row in rows if any(part := row[area.start : area.stop])]
    cells = cells[_leading_singles(cells) :]
    if len(area) < 2 or len(cells) < 2:
        return False
    labels = [kind_of(one_line(row[0])) for row in cells[1:]]
    has_labels = sum(kind is ValueKind.TEXT for kind in labels) > len(labels) / 2
    return has_labels and (header_of_rows(cells) is not None or key_value_lines(cells) is not None)
