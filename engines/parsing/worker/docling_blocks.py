"""docling's document tree as blocks. Imported by readers in the worker alone: docling takes seconds to import."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from docling.datamodel.document import InputDocument
from docling_core.types.doc import (
    CodeItem,
    ContentLayer,
    DoclingDocument,
    InlineGroup,
    ListItem,
    PictureItem,
    SectionHeaderItem,
    TableData,
    TableItem,
    TextItem,
    TitleItem,
)

from engines.parsing.cleaning import clean, one_line
from engines.parsing.worker.block import Block, BlockKind, Glue
from engines.parsing.worker.reading import Reading
from engines.parsing.worker.tables import table_blocks
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_SPACE_BEFORE = re.compile(r" +(?=[,;:!?)\]}’”%]|\.(?!\w)|['’]s\b)")
_SPACE_AFTER = re.compile(r"(?<=[(\[{“]) +")


def convert(content: BytesIO, filename: str, format: Any, backend: Any, options: Any = None) -> DoclingDocument:
    """Run one of docling's own backends on bytes in memory; nothing is fetched, no model is loaded."""
    opened = InputDocument(content, format, backend, backend_options=options, filename=filename)
    if not opened.valid:
        raise DocumentUnreadable(ErrorCode.CORRUPT_DOCUMENT, "The file is damaged: its contents cannot be read.")
    try:
        document: DoclingDocument = opened._backend.convert()
        return document
    finally:
        opened._backend.unload()


def blocks_of(document: DoclingDocument, reading: Reading) -> Iterator[Block]:
    """The document's body; its tables and pictures are counted."""
    count_items(document, reading)
    outermost = 1 if any(isinstance(text, TitleItem) for text in document.texts) else 0
    total = max(1, len(document.texts) + len(document.tables))
    for done, item in enumerate(_reading_order(document.body, document)):
        reading.fraction = min(1.0, done / total)
        yield from _item_blocks(item, document, reading, outermost)


def blocks_below(part: Any, document: DoclingDocument, reading: Reading) -> Iterator[Block]:
    """One part of a document in which every part has a title."""
    for item in _reading_order(part, document):
        yield from _item_blocks(item, document, reading, outermost=1)


def count_items(document: DoclingDocument, reading: Reading) -> None:
    reading.tables = (reading.tables or 0) + len(document.tables)
    reading.pictures = (reading.pictures or 0) + len(document.pictures)


def _item_blocks(item: Any, document: DoclingDocument, reading: Reading, outermost: int) -> Iterator[Block]:
    if isinstance(item, TableItem):
        yield from _table(item.data, reading)
    elif isinstance(item, PictureItem) and item.meta and item.meta.tabular_chart:
        yield from _table(item.meta.tabular_chart.chart_data, reading)
    elif block := _block(item, document, outermost):
        yield block


def _reading_order(part: Any, document: DoclingDocument) -> Iterator[Any]:
    """Depth first without recursion; what an inline group or a table holds belongs to it."""
    stack = [part]
    while stack:
        item = stack.pop()
        if item.content_layer is not ContentLayer.BODY:
            continue
        yield item
        if isinstance(item, TableItem | InlineGroup | PictureItem):
            continue
        children = [reference.resolve(document) for reference in item.children]
        if isinstance(item, ListItem):
            children = [child for child in children if not isinstance(child, InlineGroup)]
        stack.extend(reversed(children))


def _block(item: Any, document: DoclingDocument, outermost: int) -> Block | None:
    if isinstance(item, InlineGroup):
        return _text_block(BlockKind.PARAGRAPH, _inline_text(item, document))
    if isinstance(item, TitleItem):
        return _text_block(BlockKind.HEADING, one_line(item.text), level=1)
    if isinstance(item, SectionHeaderItem):
        return _text_block(BlockKind.HEADING, one_line(item.text), level=item.level + outermost)
    if isinstance(item, ListItem):
        return _list_block(item, document)
    if isinstance(item, CodeItem):
        return _text_block(BlockKind.CODE, clean(item.text).strip("\n"))
    if isinstance(item, TextItem):
        return _text_block(BlockKind.PARAGRAPH, clean(item.text).strip())
    return None


def _text_block(kind: BlockKind, text: str, level: int = 0, glue: Glue = Glue.BLANK_LINE) -> Block | None:
    return Block(kind, text, level=level, glue=glue) if text.strip() else None


def _list_block(item: ListItem, document: DoclingDocument) -> Block | None:
    groups = [child.resolve(document) for child in item.children]
    text = item.text or " ".join(_inline_text(group, document) for group in groups if isinstance(group, InlineGroup))
    marker = item.marker.strip() if item.enumerated and item.marker else "-"
    siblings = item.parent.resolve(document).children if item.parent else []
    first = bool(siblings) and siblings[0].cref == item.self_ref and not _is_nested(item, document)
    line = one_line(text)
    glue = Glue.BLANK_LINE if first else Glue.NEWLINE
    return _text_block(BlockKind.LIST_ITEM, f"{marker} {line}", glue=glue) if line else None


def _is_nested(item: ListItem, document: DoclingDocument) -> bool:
    group = item.parent.resolve(document) if item.parent else None
    return bool(group and group.parent and isinstance(group.parent.resolve(document), ListItem))


def _inline_text(group: InlineGroup, document: DoclingDocument) -> str:
    """docling strips the parts of a formatted sentence and forgets the spaces between them."""
    parts = (getattr(child.resolve(document), "text", "") for child in group.children)
    joined = " ".join(part for part in map(one_line, parts) if part)
    return _SPACE_AFTER.sub("", _SPACE_BEFORE.sub("", joined))


def _table(table: TableData, reading: Reading) -> Iterator[Block]:
    """The cell texts by columns; rows that are marked as header name the columns. Charts have such tables, too."""
    reading.count_cells(table.num_rows * table.num_cols)
    grid = table.grid
    header_rows = 0
    while header_rows < len(grid) and any(cell.column_header for cell in grid[header_rows]):
        header_rows += 1
    header = [_column_name([row[column].text for row in grid[:header_rows]]) for column in range(table.num_cols)]
    yield from table_blocks(
        header, ([_cell_text(row, column) for column in range(len(row))] for row in grid[header_rows:])
    )


def _column_name(texts: list[str]) -> str:
    return " ".join(dict.fromkeys(one_line(text) for text in texts)).strip()


def _cell_text(row: list[Any], column: int) -> str:
    """A cell that spans several columns stands in the first of them alone."""
    cell = row[column]
    return cell.text if cell.start_col_offset_idx == column else ""
