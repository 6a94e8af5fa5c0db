"""Publishing changes of records to any number of watchers. A slow watcher delays neither the publisher nor the others.

Each watcher has a mailbox that keeps the newest unread change of each record. A slow watcher skips states in between, but
always receives the last one, and memory is bounded by the number of records.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Generic, TypeVar

from concurrency import Signal
from records.events import Change, ChangeKind

Record = TypeVar("Record")
Key = int | str


class Broadcast(Generic[Record]):
    """Delivers each published change to every watcher."""

    def __init__(self) -> None:
        self._mailboxes: set[_Mailbox[Record]] = set()

    @property
    def watchers(self) -> int:
        """The number of watchers."""
        return len(self._mailboxes)

    def publish(self, change: Change[Record]) -> None:
        """Put a change into every mailbox. Never waits."""
        for mailbox in self._mailboxes:
            mailbox.put(change)

    @asynccontextmanager
    async def watch(
        self, key: Key | None = None, is_visible: Callable[[Change[Record]], bool] = lambda change: True
    ) -> AsyncIterator[AsyncGenerator[Change[Record], None]]:
        """Stream the changes from now on: of the record with this `key`, or of all records (None).

        Changes for which `is_visible` returns False are left out.
        """
        mailbox = _Mailbox[Record](key, is_visible)
        self._mailboxes.add(mailbox)
        try:
            async with aclosing(mailbox.read()) as changes:
                yield changes
        finally:
            self._mailboxes.discard(mailbox)


class _Mailbox(Generic[Record]):
    """The unread changes of one watcher: the newest of each record, in the order of arrival."""

    def __init__(self, key: Key | None, is_visible: Callable[[Change[Record]], bool]) -> None:
        self._key = key
        self._is_visible = is_visible
        self._unread: dict[Key | None, Change[Record]] = {}
        self._arrived = Signal()

    def put(self, change: Change[Record]) -> None:
        if (self._key is not None and change.key != self._key) or not self._is_visible(change):
            return
        unread = self._unread.pop(change.key, None)
        self._unread[change.key] = _merged(unread, change)
        self._arrived.set()

    async def read(self) -> AsyncGenerator[Change[Record], None]:
        while True:
            await self._arrived.wait_until(lambda: bool(self._unread))
            while self._unread:
                yield self._unread.pop(next(iter(self._unread)))


def _merged(unread: Change[Record] | None, newer: Change[Record]) -> Change[Record]:
    """Return the change that replaces an unread one: a record stays ADDED until its addition was read."""
    if unread is not None and unread.kind is ChangeKind.ADDED and newer.kind is ChangeKind.UPDATED:
        return replace(newer, kind=ChangeKind.ADDED)
    return newer
