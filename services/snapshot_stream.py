"""How every event stream begins: what there is, the mark that this was all, then changes as they come."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from records.events import Change, ChangeKind

Noun = TypeVar("Noun")


async def snapshot_then_live(
    snapshot: Sequence[Noun], key: Callable[[Noun], int | str], live: AsyncGenerator[Change[Noun], None]
) -> AsyncGenerator[Change[Noun], None]:
    """`live` was opened before the snapshot was read, so that nothing falls between the two."""
    for noun in snapshot:
        yield Change(ChangeKind.SNAPSHOT, key(noun), noun)
    yield Change(ChangeKind.SNAPSHOT_END, None, None)
    async with aclosing(live):
        async for change in live:
            yield change
