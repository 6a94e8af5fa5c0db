"""The viewer's usage, and the statistics of the server."""

from datetime import UTC, datetime, timedelta

from records.errors import InvalidInput
from records.statistics import DEFAULT_DAYS, MAX_DAYS, Statistics, StatisticsRange
from records.system import StorageStatus
from records.usage import UsageWindow
from resolvers.request_context import Context


async def read_usage(context: Context) -> UsageWindow:
    return await context.usage.window(context.scope)


async def read_statistics(
    context: Context, since: datetime | None, until: datetime | None
) -> tuple[Statistics, StorageStatus]:
    """Return the statistics of a range, and the amount of stored data.

    Raises `InvalidInput` for a range that is empty or longer than `MAX_DAYS`.
    """
    until = until or datetime.now(UTC)
    try:
        since = since or until - timedelta(days=DEFAULT_DAYS)
    except OverflowError as cause:
        raise InvalidInput("The time is too early.", field="until") from cause
    if since >= until:
        raise InvalidInput("`until` must be after `since`.", field="until")
    if until - since > timedelta(days=MAX_DAYS):
        raise InvalidInput(f"The range must not be longer than {MAX_DAYS} days.", field="since")
    statistics = await context.statistics.read(context.scope, StatisticsRange(since, until))
    return statistics, (await context.metrics.sample()).storage
