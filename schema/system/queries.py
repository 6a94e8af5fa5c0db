"""Queries of the system status, background indexing, settings and limits."""

import strawberry

from resolvers import system
from schema.common.info import Info
from schema.system.indexing import IndexingStatus
from schema.system.server_settings import Limits, ServerSettings
from schema.system.types import SystemStatus


@strawberry.type
class SystemQueries:
    @strawberry.field(
        description="Return a sample of the machine and the server that is at most 0.125 seconds old. `systemMetrics`"
        " streams the same type."
    )
    async def system_status(self, info: Info) -> SystemStatus:
        return SystemStatus.from_record(await system.read_system_status(info.context), info.context.scope)

    @strawberry.field(
        description="Return the status of background indexing with the deep embedder (`ServerSettings.deepEmbedder`)."
    )
    async def indexing(self, info: Info) -> IndexingStatus:
        return IndexingStatus.from_record(await system.read_indexing_status(info.context), info.context.scope)

    @strawberry.field(
        description="Return the settings that the server was started with, and the current default model."
    )
    def settings(self, info: Info) -> ServerSettings:
        return ServerSettings.from_context(info.context)

    @strawberry.field(description="Return the limits of requests.", graphql_type=Limits)
    def limits(self, info: Info) -> object:
        return info.context.limits
