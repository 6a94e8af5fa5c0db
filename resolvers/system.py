"""System status, system metrics, statistics and background indexing with the deep embedder."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

from records.access.statistics import DEFAULT_DAYS, MAX_DAYS, Statistics, StatisticsRange
from records.indexing import IndexingStatus
from records.system import StorageStatus, SystemSample
from resolvers.pages import clamp
from resolvers.request_context import Context
from resolvers.subscription_streams import stream

MIN_INTERVAL_MS, MAX_INTERVAL_MS = 250, 60_000
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""The earliest end of a range of statistics."""


async def read_system_status(context: Context) -> SystemSample:
    return await context.metrics.sample()


def stream_system_metrics(context: Context, interval_ms: int) -> AsyncGenerator[SystemSample, None]:
    """Return a stream of samples: the first at once, then one per interval, clamped to 250 to 60,000 milliseconds."""
    return stream(context.metrics.watch_samples(clamp(interval_ms, MIN_INTERVAL_MS, MAX_INTERVAL_MS)))


async def read_statistics(
    context: Context, since: datetime | None, until: datetime | None
) -> tuple[Statistics, StorageStatus]:
    """Return the statistics of a range, and the amount of stored data.

    By default, the range ends now and has `DEFAULT_DAYS` days. A range that is empty or too long is changed to the nearest
    one of 1 to `MAX_DAYS` days that ends at `until`.
    """
    until = max(until or datetime.now(UTC), EARLIEST)
    since = since or until - timedelta(days=DEFAULT_DAYS)
    since = min(max(since, until - timedelta(days=MAX_DAYS)), until - timedelta(days=1))
    statistics = await context.statistics.read(context.scope, StatisticsRange(since, until))
    return statistics, (await context.metrics.sample()).storage


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
