"""A news feed for the tests of shared subscriptions: every reader receives the same articles."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import anyio
import strawberry

from concurrency import Signal


@dataclass(frozen=True)
class Article:
    text: str


@dataclass
class NewsFeed:
    """Counts in `executions` how often a headline was resolved. No headline is resolved before `released` is set."""

    executions: int = 0
    readers: int = 0
    articles: list[Article] = field(default_factory=list)
    released: anyio.Event = field(default_factory=anyio.Event)
    changed: Signal = field(default_factory=Signal)

    def publish(self, text: str) -> None:
        self.articles.append(Article(text))
        self.changed.pulse()

    async def until_read_by(self, count: int) -> None:
        await self.changed.wait_until(lambda: self.readers >= count)

    async def read(self) -> AsyncGenerator["News", None]:
        """Yield all articles; each reader has its own position."""
        self.readers += 1
        self.changed.pulse()
        position = 0
        while True:
            while position == len(self.articles):
                await self.changed.wait()
            position += 1
            yield News(source_event=self.articles[position - 1])


@strawberry.type
class News:
    source_event: strawberry.Private[Article]

    @strawberry.field
    async def headline(self, info: strawberry.Info, upper_case: bool = False) -> str:
        context: Any = info.context
        feed: NewsFeed = context.probe.news_feed
        feed.executions += 1
        await feed.released.wait()
        if self.source_event.text == "secret":
            raise LookupError("the password is swordfish")
        return self.source_event.text.upper() if upper_case else self.source_event.text
