"""The form of every stream of changes: a snapshot, a mark at its end, and then each change."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from records.events import Change, ChangeKind

Record = TypeVar("Record")


async def snapshot_then_live(
    snapshot: Sequence[Record], key: Callable[[Record], int | str], live: AsyncGenerator[Change[Record], None]
) -> AsyncGenerator[Change[Record], None]:
    """Yield the snapshot as SNAPSHOT changes, then SNAPSHOT_END, then the changes of `live`.

    `live` must have been opened before the snapshot was read: otherwise changes in between are missed. `key` returns the
    id of a record.
    """
    async with aclosing(live):
        for record in snapshot:
            yield Change(ChangeKind.SNAPSHOT, key(record), record)
        yield Change(ChangeKind.SNAPSHOT_END, None, None)
        async for change in live:
            yield change
