"""The query of the statistics of the server."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import system
from schema.common.info import Info
from schema.common.mapping import or_none
from schema.statistics.types import Statistics


@strawberry.type
class StatisticsQueries:
    @strawberry.field(
        description="Return counts of the server in a range of 1 to 366 days. For administrators. For a shorter or longer "
        "range, `since` is moved to the nearest valid time."
    )
    async def statistics(
        self,
        info: Info,
        since: Annotated[
            datetime | None,
            strawberry.argument(description="Beginning of the range, inclusive. By default 30 days before its end."),
        ] = UNSET,
        until: Annotated[
            datetime | None, strawberry.argument(description="End of the range, exclusive. By default now.")
        ] = UNSET,
    ) -> Statistics:
        found, storage = await system.read_statistics(info.context, or_none(since), or_none(until))
        return Statistics.from_record(found, storage)
