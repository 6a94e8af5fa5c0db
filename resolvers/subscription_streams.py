"""Event streams of subscriptions."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import TypeVar

Item = TypeVar("Item")


async def stream(watching: AbstractAsyncContextManager[AsyncGenerator[Item, None]]) -> AsyncGenerator[Item, None]:
    """Yield the items of an event source.

    The source is opened when the first item is requested. It is closed when the returned generator ends or is closed.
    """
    async with watching as items, aclosing(items):
        async for item in items:
            yield item
