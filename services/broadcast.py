"""Changes of things, told to any number of watchers, none of whom can hold up the teller or the others.

Each watcher has a mailbox with one place per thing: what is newest replaces what was not read yet, so a slow watcher skips
stages but always ends with the truth, in memory bounded by the number of things.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from records.events import Change, ChangeKind

Noun = TypeVar("Noun")
Key = int | str


class Broadcast(Generic[Noun]):
    def __init__(self) -> None:
        self._watchers: set[_Mailbox[Noun]] = set()

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    def publish(self, change: Change[Noun]) -> None:
        """Never waits."""
        for watcher in self._watchers:
            watcher.put(change)

    @asynccontextmanager
    async def watch(self, key: Key | None = None) -> AsyncIterator[AsyncGenerator[Change[Noun], None]]:
        """Changes from now on, of one thing or of all (None)."""
        mailbox = _Mailbox[Noun](key)
        self._watchers.add(mailbox)
        try:
            yield mailbox.read()
        finally:
            self._watchers.discard(mailbox)


class _Mailbox(Generic[Noun]):
    def __init__(self, key: Key | None) -> None:
        self._key = key
        self._unread: dict[Key | None, Change[Noun]] = {}
        self._news = asyncio.Event()

    def put(self, change: Change[Noun]) -> None:
        if self._key is not None and change.key != self._key:
            return
        unread = self._unread.pop(change.key, None)
        self._unread[change.key] = _merged(unread, change)
        self._news.set()

    async def read(self) -> AsyncGenerator[Change[Noun], None]:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._unread:
                yield self._unread.pop(next(iter(self._unread)))


def _merged(unread: Change[Noun] | None, newer: Change[Noun]) -> Change[Noun]:
    """A thing whose ADDED was not read yet is still new to the watcher when it changes."""
    if unread is not None and unread.kind is ChangeKind.ADDED and newer.kind is ChangeKind.UPDATED:
        return Change(ChangeKind.ADDED, newer.key, newer.noun)
    return newer
