"""Background indexing with the deep embedder."""

from collections.abc import AsyncGenerator

from records.indexing import IndexingStatus
from resolvers.context import Context


async def status(context: Context) -> IndexingStatus:
    return await context.indexing.status()


async def start(context: Context, now: bool) -> IndexingStatus:
    return await context.indexing.start(now)


async def stop(context: Context, reason: str | None) -> IndexingStatus:
    return await context.indexing.stop(reason)


async def stream_statuses(context: Context) -> AsyncGenerator[IndexingStatus, None]:
    async with context.indexing.watch() as statuses:
        async for each in statuses:
            yield each
