"""Conversion of docling documents to blocks.

Readers import this module only when they need it, because importing docling takes seconds.
"""

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

from engines.parsing.text_cleaning import clean_text, one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.table_rows import table_blocks
from engines.parsing.worker.parse_context import ParseContext
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_SPACE_BEFORE = re.compile(r" +(?=[,;:!?)\]}’”%]|\.(?!\w)|['’]s\b)")
_SPACE_AFTER = re.compile(r"(?<=[(\[{“]) +")


def convert(content: BytesIO, filename: str, format: Any, backend: Any, options: Any = None) -> DoclingDocument:
    """Convert the content of a file with one of docling's backends. No other file is opened and no model is loaded.

    `format` is docling's `InputFormat`, `backend` a class of docling, and `options` an object with its options. Raises
    `DocumentUnreadable` (CORRUPT_DOCUMENT) if the backend rejects the content.
    """
    opened = InputDocument(content, format, backend, backend_options=options, filename=filename)
    if not opened.valid:
        raise DocumentUnreadable(
            ErrorCode.CORRUPT_DOCUMENT, "The file is damaged: its content cannot be parsed. Upload an intact copy."
        )
    try:
        # `_backend` is private (docling-slim 2.143.0). The public converter would build a pipeline, which loads models.
        document: DoclingDocument = opened._backend.convert()
        return document
    finally:
        opened._backend.unload()


def document_blocks(document: DoclingDocument, context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of the document's body, count its tables and images, and update the progress."""
    _count_items(document, context)
    outermost = 1 if any(isinstance(text, TitleItem) for text in document.texts) else 0
    total = max(1, len(document.texts) + len(document.tables))
    for done, item in enumerate(_items_in_order(document.body, document)):
        context.fraction = min(1.0, done / total)
        yield from _item_blocks(item, document, context, outermost)


def _count_items(document: DoclingDocument, context: ParseContext) -> None:
    """Add the tables and images of the document to the coverage."""
    context.tables = (context.tables or 0) + len(document.tables)
    context.pictures = (context.pictures or 0) + len(document.pictures)


def _item_blocks(item: Any, document: DoclingDocument, context: ParseContext, outermost: int) -> Iterator[Block]:
    if isinstance(item, TableItem):
        yield from _table(item.data, context)
    elif isinstance(item, PictureItem) and item.meta and item.meta.tabular_chart:
        yield from _table(item.meta.tabular_chart.chart_data, context)
    elif block := _block(item, document, outermost):
        yield block


def _items_in_order(part: Any, document: DoclingDocument) -> Iterator[Any]:
    """Yield an item of the document and its descendants in reading order, without recursion.

    The children of an inline group, a table or a picture are not yielded, because the text of these items contains them.
    """
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
        return _text_block(BlockKind.CODE, clean_text(item.text).strip("\n"))
    if isinstance(item, TextItem):
        return _text_block(BlockKind.PARAGRAPH, clean_text(item.text).strip())
    return None


def _text_block(
    kind: BlockKind, text: str, level: int = 0, separator: Separator = Separator.BLANK_LINE
) -> Block | None:
    return Block(kind, text, level=level, separator=separator) if text.strip() else None


def _list_block(item: ListItem, document: DoclingDocument) -> Block | None:
    groups = [child.resolve(document) for child in item.children]
    text = item.text or " ".join(_inline_text(group, document) for group in groups if isinstance(group, InlineGroup))
    marker = item.marker.strip() if item.enumerated and item.marker else "-"
    siblings = item.parent.resolve(document).children if item.parent else []
    first = bool(siblings) and siblings[0].cref == item.self_ref and not _is_nested(item, document)
    line = one_line(text)
    separator = Separator.BLANK_LINE if first else Separator.NEWLINE
    return _text_block(BlockKind.LIST_ITEM, f"{marker} {line}", separator=separator) if line else None


def _is_nested(item: ListItem, document: DoclingDocument) -> bool:
    group = item.parent.resolve(document) if item.parent else None
    return bool(group and group.parent and isinstance(group.parent.resolve(document), ListItem))


def _inline_text(group: InlineGroup, document: DoclingDocument) -> str:
    """Return the text of a sentence with formatted parts. docling removes the spaces between the parts; restore them."""
    parts = (getattr(child.resolve(document), "text", "") for child in group.children)
    joined = " ".join(part for part in map(one_line, parts) if part)
    return _SPACE_AFTER.sub("", _SPACE_BEFORE.sub("", joined))


def _table(table: TableData, context: ParseContext) -> Iterator[Block]:
    """Yield the rows of a table or of a chart's data. If several rows are headers, a column's name joins their cells."""
    context.count_cells(table.num_rows * table.num_cols)
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
    """Return the text of the cell in a column; empty if the cell is merged and begins in another column."""
    cell = row[column]
    return cell.text if cell.start_col_offset_idx == column else ""
