"""Nested values, as JSON and XML hold them, as text in which a value is found by its name.

What is small stands on one line with the names above it, `address.city: Oslo, address.zip: 0150`; what is large has its
name as a heading. The records of a list are rows like those of a table.
"""

from collections.abc import Iterator

from engines.parsing.cleaning import one_line
from engines.parsing.limits import above_limit
from engines.parsing.worker.block import Block, BlockKind, Glue
from engines.parsing.worker.tables import row_text

SMALL = 1000
"""Characters of a value that is one line; longer ones are taken apart."""


class Members(list[tuple[str, object]]):
    """Names and values in their order; a name can stand more than once."""


def value_blocks(value: object, nesting: int) -> Iterator[Block]:
    check_nesting(value, nesting)
    yield from _blocks(value, "Item", 1)


def check_nesting(value: object, limit: int) -> None:
    stack = [(value, 1)]
    while stack:
        current, depth = stack.pop()
        if depth > limit:
            raise above_limit(f"The document's values are nested more than {limit} deep.")
        stack.extend((child, depth + 1) for child in _children(current))


def _children(value: object) -> Iterator[object]:
    if isinstance(value, Members):
        yield from (child for _, child in value)
    elif isinstance(value, list):
        yield from value


def row_block(value: object, glue: Glue = Glue.NEWLINE) -> Block | None:
    """A small value as one line; None where it says nothing."""
    pairs = list(_flat(value, ""))
    names = tuple(one_line(name) for name, _ in pairs)
    text = row_text(names, [text for _, text in pairs])
    return Block(BlockKind.TABLE_ROW, text, header=names, glue=glue) if text else None


def _blocks(value: object, name: str, level: int) -> Iterator[Block]:
    if isinstance(value, Members):
        yield from _members(value, level)
    elif isinstance(value, list):
        yield from _items(value, name, level)
    elif text := _scalar(value):
        yield Block(BlockKind.PARAGRAPH, text)


def _members(members: Members, level: int) -> Iterator[Block]:
    """The small ones first: behind a heading they would seem to belong below it."""
    glue = Glue.BLANK_LINE
    for name, value in members:
        for item in _records(value) if is_small(value) else ():
            if block := row_block(Members([(name, item)]), glue):
                yield block
                glue = Glue.NEWLINE
    for name, value in members:
        if is_small(value):
            continue
        if isinstance(value, str):
            yield Block(BlockKind.PARAGRAPH, f"{one_line(name)}: {value}")
        else:
            yield Block(BlockKind.HEADING, one_line(name) or "(no name)", level=level)
            yield from _blocks(value, one_line(name), level + 1)


def _records(value: object) -> list[object]:
    """What stands on a line of its own: each item of a list of records, else the whole."""
    if isinstance(value, list) and not isinstance(value, Members) and any(isinstance(item, list) for item in value):
        return value
    return [value]


def _items(items: list[object], name: str, level: int) -> Iterator[Block]:
    glue = Glue.BLANK_LINE
    for number, item in enumerate(items, 1):
        if is_small(item):
            if block := row_block(item, glue):
                yield block
                glue = Glue.NEWLINE
        else:
            yield Block(BlockKind.HEADING, f"{name} {number}", level=level)
            yield from _blocks(item, name, level + 1)
            glue = Glue.BLANK_LINE


def _flat(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Members):
        for name, child in value:
            yield from _flat(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(item, list) for item in value):
        for number, item in enumerate(value, 1):
            yield from _flat(item, f"{path}.{number}" if path else str(number))
    elif isinstance(value, list):
        yield path, ", ".join(map(_scalar, value))
    else:
        yield path, _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def is_small(value: object) -> bool:
    """Stops to count where it is not."""
    left = SMALL
    stack = [value]
    while stack and left >= 0:
        current = stack.pop()
        if isinstance(current, Members):
            left -= sum(len(name) for name, _ in current)
        left -= 2 if isinstance(current, list) else len(_scalar(current))
        stack.extend(_children(current))
    return left >= 0
