"""Conversion of nested values, such as JSON and XML data, to blocks in which each value is next to its name.

A small value fits on one line (`is_small`). It becomes one line with full names, such as `address.city: Oslo,
address.zip: 0150`. The name of a large value becomes a heading. Each record of a list becomes a line, like a table row.
"""

from collections.abc import Iterator

from engines.parsing.parsing_limits import above_limit
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.table_rows import row_text

_MAX_LINE_CHARACTERS = 1000
"""Maximum length, in characters, of a value that becomes one line."""


class Members(list[tuple[str, object]]):
    """The members of an object, as pairs of name and value in the order of the file. A name may occur more than once."""


def value_blocks(value: object, max_nesting: int) -> Iterator[Block]:
    """Yield the blocks of a value made of `Members`, lists and scalars.

    Raises `DocumentUnreadable` (PARSER_LIMIT) if the values are nested deeper than `max_nesting`.
    """
    check_nesting(value, max_nesting)
    yield from _blocks(value, "Item", 1)


def check_nesting(value: object, limit: int) -> None:
    """Raise `DocumentUnreadable` (PARSER_LIMIT) if the values are nested deeper than `limit`."""
    stack = [(value, 1)]
    while stack:
        current, depth = stack.pop()
        if depth > limit:
            raise above_limit(f"The document's values are nested more than {limit:,} levels deep. Flatten the data.")
        stack.extend((child, depth + 1) for child in _children(current))


def _children(value: object) -> Iterator[object]:
    if isinstance(value, Members):
        yield from (child for _, child in value)
    elif isinstance(value, list):
        yield from value


def row_block(value: object, separator: Separator = Separator.NEWLINE) -> Block | None:
    """Return a small value as a block of one line, or None for a value without text."""
    pairs = list(_flatten(value, ""))
    names = tuple(one_line(name) for name, _ in pairs)
    text = row_text(names, [text for _, text in pairs])
    return Block(BlockKind.TABLE_ROW, text, header=names, separator=separator) if text else None


def _blocks(value: object, name: str, level: int) -> Iterator[Block]:
    if isinstance(value, Members):
        yield from _member_blocks(value, level)
    elif isinstance(value, list):
        yield from _item_blocks(value, name, level)
    elif text := _scalar_text(value):
        yield Block(BlockKind.PARAGRAPH, text)


def _member_blocks(members: Members, level: int) -> Iterator[Block]:
    """Yield the blocks of the small members first, then those of the large members.

    After the heading of a large member, a small one would seem to be a part of the large one.
    """
    separator = Separator.BLANK_LINE
    for name, value in members:
        for item in _records(value) if is_small(value) else ():
            if block := row_block(Members([(name, item)]), separator):
                yield block
                separator = Separator.NEWLINE
    for name, value in members:
        if is_small(value):
            continue
        if isinstance(value, str):
            yield Block(BlockKind.PARAGRAPH, f"{one_line(name)}: {value}")
        else:
            yield Block(BlockKind.HEADING, one_line(name) or "(no name)", level=level)
            yield from _blocks(value, one_line(name), level + 1)


def _records(value: object) -> list[object]:
    """Return the values that become separate lines: the items of a list of records or lists, or else the value alone."""
    if isinstance(value, list) and not isinstance(value, Members) and any(isinstance(item, list) for item in value):
        return value
    return [value]


def _item_blocks(items: list[object], name: str, level: int) -> Iterator[Block]:
    separator = Separator.BLANK_LINE
    for number, item in enumerate(items, 1):
        if is_small(item):
            if block := row_block(item, separator):
                yield block
                separator = Separator.NEWLINE
        else:
            yield Block(BlockKind.HEADING, f"{name} {number}", level=level)
            yield from _blocks(item, name, level + 1)
            separator = Separator.BLANK_LINE


def _flatten(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield the full name and the text of each scalar. A list of scalars becomes one text."""
    if isinstance(value, Members):
        for name, child in value:
            yield from _flatten(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(item, list) for item in value):
        for number, item in enumerate(value, 1):
            yield from _flatten(item, f"{path}.{number}" if path else str(number))
    elif isinstance(value, list):
        yield path, ", ".join(map(_scalar_text, value))
    else:
        yield path, _scalar_text(value)


def _scalar_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def is_small(value: object) -> bool:
    """Return True if the value fits on one line. Stop counting its characters at the limit, so that this is fast."""
    left = _MAX_LINE_CHARACTERS
    stack = [value]
    while stack and left >= 0:
        current = stack.pop()
        if isinstance(current, Members):
            left -= sum(len(name) for name, _ in current)
        left -= 2 if isinstance(current, list) else len(_scalar_text(current))
        stack.extend(_children(current))
    return left >= 0
