"""Event streams close their source together with themselves."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from resolvers.subscription_streams import stream


class Source:
    """Yields the numbers from 0 while it is open."""

    def __init__(self) -> None:
        self.log: list[str] = []

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncGenerator[int, None]]:
        self.log.append("opened")
        try:
            yield self._numbers()
        finally:
            self.log.append("unsubscribed")

    async def _numbers(self) -> AsyncGenerator[int, None]:
        number = 0
        try:
            while True:
                yield number
                number += 1
        finally:
            self.log.append("generator closed")


async def test_a_source_is_opened_by_the_first_request() -> None:
    source = Source()
    items = stream(source.watch())
    assert source.log == []
    assert [await anext(items), await anext(items)] == [0, 1]
    assert source.log == ["opened"]
    await items.aclose()


async def test_closing_a_stream_closes_the_inner_generator_before_the_subscription() -> None:
    source = Source()
    items = stream(source.watch())
    await anext(items)
    await items.aclose()
    assert source.log == ["opened", "generator closed", "unsubscribed"]
