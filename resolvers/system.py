"""One sample of the machine and the server, or a stream of them."""

from collections.abc import AsyncGenerator

from records.system import SystemSample
from resolvers.context import Context
from resolvers.pages import clamp

INTERVAL_MS = (250, 60_000)


async def sample(context: Context) -> SystemSample:
    return await context.metrics.sample()


async def stream_samples(context: Context, interval_ms: int) -> AsyncGenerator[SystemSample, None]:
    """The first at once, then one every `interval_ms`, clamped to 250 to 60,000."""
    async with context.metrics.watch(clamp(interval_ms, *INTERVAL_MS)) as samples:
        async for each in samples:
            yield each
