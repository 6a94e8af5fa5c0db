"""Lets tests observe and control the resolvers of the book graph."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from concurrency import Signal
from records.document import ReceivedFile
from tests.transport.execution.news_feed import NewsFeed


@dataclass
class Probe:
    """Records what the resolvers of the graph do: created contexts, open streams and slow mutations, received files.

    With `keeps_files` set, mutations move the received files away, as an ingestion does.
    """

    contexts: int = 0
    open_streams: int = 0
    events: int = 0
    news_feed: NewsFeed = field(default_factory=NewsFeed)
    received: list[ReceivedFile] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    keeps_files: bool = False
    changed: Signal = field(default_factory=Signal)
    erase: Callable[[], Awaitable[str]] | None = None
    "The function that the mutation `erase` calls."

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count an open stream or a slow mutation while the block is open."""
        self.open_streams += 1
        self.changed.pulse()
        try:
            yield
        finally:
            self.open_streams -= 1
            self.changed.pulse()

    async def until_open_streams(self, count: int) -> None:
        await self.changed.wait_until(lambda: self.open_streams == count)
