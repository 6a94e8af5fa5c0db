"""A newspaper: events that all who watch are told alike."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import strawberry


@dataclass(frozen=True)
class Told:
    text: str


@dataclass
class Paper:
    """`executions` counts how often a headline was asked for; none comes before the `press` is set."""

    executions: int = 0
    readers: int = 0
    printed: list[Told] = field(default_factory=list)
    press: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, text: str) -> None:
        self.printed.append(Told(text))
        self._tell()

    async def until_read_by(self, count: int) -> None:
        while self.readers < count:
            await self.changed.wait()

    async def read(self) -> AsyncGenerator["News", None]:
        """Each reader reads all of it, at its own pace."""
        self.readers += 1
        self._tell()
        at = 0
        while True:
            while at == len(self.printed):
                await self.changed.wait()
            at += 1
            yield News(source_event=self.printed[at - 1])

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


@strawberry.type
class News:
    source_event: strawberry.Private[Told]

    @strawberry.field
    async def headline(self, info: strawberry.Info, shout: bool = False) -> str:
        context: Any = info.context
        paper: Paper = context.shelf.paper
        paper.executions += 1
        await paper.press.wait()
        if self.source_event.text == "secret":
            raise LookupError("the password is swordfish")
        return self.source_event.text.upper() if shout else self.source_event.text
