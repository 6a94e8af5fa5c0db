"""Tables as text: each row a line that stands for itself, such as `Part: Bolt A, Torque: 35 Nm`.

A row that names its columns can be found by a question about one cell, and a quote of it can be understood.
"""

from collections.abc import Iterable, Iterator, Sequence

from engines.parsing.cleaning import one_line
from engines.parsing.worker.block import Block, BlockKind, Glue
from records.document import BoundingBox


def row_text(header: Sequence[str], cells: Sequence[str]) -> str:
    """Empty cells are left out; a cell without a named column stands bare."""
    named = []
    for column, cell in enumerate(cells):
        if value := one_line(cell):
            name = one_line(header[column]) if column < len(header) else ""
            named.append(f"{name.rstrip(':')}: {value}" if name and name != value else value)
    return ", ".join(named)


def names_columns(first: Sequence[str]) -> bool:
    """Whether a table's first row can be its header: no number in it, nothing twice."""
    names = [cell for cell in first if cell.strip()]
    return bool(names) and not any(is_number(name) for name in names) and len(set(names)) == len(names)


def is_number(cell: str) -> bool:
    return cell.strip().strip("$€£%+-").replace(",", "").replace(".", "").isdigit()


def table_blocks(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    page: int | None = None,
    box: BoundingBox | None = None,
) -> Iterator[Block]:
    """The rows of one table; the header alone where it has no others."""
    names = tuple(one_line(name) for name in header)
    glue = Glue.BLANK_LINE
    for cells in rows:
        if text := row_text(names, cells):
            yield Block(BlockKind.TABLE_ROW, text, page=page, box=box, header=names, glue=glue)
            glue = Glue.NEWLINE
    if glue is Glue.BLANK_LINE and any(names):
        yield Block(BlockKind.TABLE_ROW, ", ".join(name for name in names if name), page=page, box=box, header=names)
