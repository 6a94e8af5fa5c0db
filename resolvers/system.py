"""System status, system metrics and background indexing with the deep embedder."""

from collections.abc import AsyncGenerator

from records.indexing import IndexingStatus
from records.system import SystemSample
from resolvers.pages import clamp
from resolvers.request_context import Context
from resolvers.subscription_streams import stream

MIN_INTERVAL_MS, MAX_INTERVAL_MS = 250, 60_000


async def read_system_status(context: Context) -> SystemSample:
    return await context.metrics.sample()


def stream_system_metrics(context: Context, interval_ms: int) -> AsyncGenerator[SystemSample, None]:
    """Return a stream of samples: the first at once, then one per interval, clamped to 250 to 60,000 milliseconds."""
    return stream(context.metrics.watch_samples(clamp(interval_ms, MIN_INTERVAL_MS, MAX_INTERVAL_MS)))


async def read_indexing_status(context: Context) -> IndexingStatus:
    return await context.indexing.status()


async def start_indexing(context: Context, now: bool) -> IndexingStatus:
    """Start indexing: at once if `now` is true, otherwise when the machine is idle.

    Raises `Conflict` if indexing is running already, or if no deep embedder is configured.
    """
    return await context.indexing.start_indexing(now)


async def stop_indexing(context: Context, reason: str | None) -> IndexingStatus:
    """Stop indexing; `reason` is logged. Raises `Conflict` if indexing is neither running nor waiting."""
    return await context.indexing.stop_indexing(reason)


def stream_indexing_events(context: Context) -> AsyncGenerator[IndexingStatus, None]:
    """Return a stream of the current status and every change of it."""
    return stream(context.indexing.watch_indexing())
