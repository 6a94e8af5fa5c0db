"""Time as indexing sees it; tests have a clock of their own."""

import asyncio
from time import monotonic
from typing import Protocol

import anyio


class Clock(Protocol):
    def now(self) -> float:
        """Seconds from some beginning."""
        ...

    async def rest(self, news: asyncio.Event, seconds: float) -> None:
        """Until there is news, which is then cleared, or so long."""
        ...


class SystemClock:
    def now(self) -> float:
        return monotonic()

    async def rest(self, news: asyncio.Event, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await news.wait()
        news.clear()
