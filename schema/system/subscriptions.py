"""Subscriptions to system metrics and to the status of background indexing."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from resolvers import system
from schema.common.info import Info
from schema.common.streams import map_stream
from schema.system.indexing import IndexingStatus
from schema.system.types import SystemStatus


@strawberry.type
class SystemSubscriptions:
    @strawberry.subscription(
        description="Samples of the machine and the server: the first at once, then one for each `intervalMs` of this"
        " subscription. Subscriptions whose next samples are due within 0.125 seconds get the same "
        "sample. A slow client gets the newest sample; those before it are left out."
    )
    async def system_metrics(
        self,
        info: Info,
        interval_ms: Annotated[
            int,
            strawberry.argument(description="Time between samples in milliseconds. Clamped to 250 to 60,000."),
        ] = 1000,
    ) -> AsyncGenerator[SystemStatus, None]:
        samples, scope = system.stream_system_metrics(info.context, interval_ms), info.context.scope
        return map_stream(samples, lambda sample: SystemStatus.from_record(sample, scope))

    @strawberry.subscription(
        description="Current status of background indexing, then every change; progress at most once a second."
    )
    async def indexing_events(self, info: Info) -> AsyncGenerator[IndexingStatus, None]:
        scope = info.context.scope
        events = system.stream_indexing_events(info.context)
        return map_stream(events, lambda status: IndexingStatus.from_record(status, scope))
