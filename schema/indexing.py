"""Background indexing with the deep embedder: what it is at, and its two mutations."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from records import indexing as records
from records.indexing import IndexingState
from resolvers import system
from schema.enums import describe
from schema.errors import ConflictError, InvalidInputError
from schema.info import Info
from schema.mapping import made_from, or_none

describe(
    IndexingState,
    "What background indexing is at.",
    IDLE="Nothing is left to do, or someone stopped it, or no deep embedder is set.",
    WAITING_FOR_IDLE="There is something to do, once the machine has been idle for long enough.",
    RUNNING="Documents are being embedded.",
    STOPPING="It is giving way.",
    FAILED="The deep embedder cannot be used; `error` says why. Search goes on with the light one.",
)


@strawberry.type(description="What background indexing with the deep embedder is at.")
class IndexingStatus:
    state: IndexingState = strawberry.field(description="What it is at.")
    deep_embedder: str | None = strawberry.field(description="The model that embeds; null where none is set.")
    pending_documents: int = strawberry.field(description="Documents that it has not finished.")
    pending_chunks: int = strawberry.field(description="Chunks of READY documents that it has not come to.")
    done_chunks: int = strawberry.field(description="Chunks of READY documents that have a vector of it.")
    idle_seconds: float = strawberry.field(description="How long the machine has been idle, when it last looked.")
    idle_threshold_seconds: int = strawberry.field(description="How long the machine must be idle before it begins.")
    gpu_utilization_percent: float | None = strawberry.field(
        description="How busy the busiest GPU was, when it last looked; null without one."
    )
    started_at: datetime | None = strawberry.field(description="When it began, while it is RUNNING.")
    error: str | None = strawberry.field(description="Why it is FAILED.")
    told: strawberry.Private[records.IndexingStatus]
    "One for all who watch: the transport makes once what many of them are sent."

    @classmethod
    def of(cls, record: records.IndexingStatus) -> "IndexingStatus":
        return made_from(cls, record, told=record)


@strawberry.input(description="When to begin.")
class StartIndexingInput:
    now: bool = strawberry.field(default=True, description="Start now instead of waiting for the machine to be idle.")


@strawberry.input(description="Why to stop.")
class StopIndexingInput:
    reason: str | None = strawberry.field(default=UNSET, description="For the server's log.")


@strawberry.type(description="Indexing runs, or waits for the machine to be idle.")
class StartIndexingSuccess:
    indexing: IndexingStatus = strawberry.field(description="What it is at now.")


@strawberry.type(description="Indexing has stopped, until someone starts it or the server starts anew.")
class StopIndexingSuccess:
    indexing: IndexingStatus = strawberry.field(description="What it is at now.")


StartIndexingResult = Annotated[
    StartIndexingSuccess | ConflictError | InvalidInputError,
    strawberry.union("StartIndexingResult", description="What indexing is at, or why it was not started."),
]
StopIndexingResult = Annotated[
    StopIndexingSuccess | ConflictError,
    strawberry.union("StopIndexingResult", description="What indexing is at, or why it was not stopped."),
]


@strawberry.type
class IndexingMutations:
    @strawberry.mutation(
        description="Embed documents with the deep embedder; what it had done is kept, and it goes on from there."
    )
    async def start_indexing(
        self, info: Info, input: Annotated[StartIndexingInput, strawberry.argument(description="When.")]
    ) -> StartIndexingResult:
        return StartIndexingSuccess(indexing=IndexingStatus.of(await system.start_indexing(info.context, input.now)))

    @strawberry.mutation(description="Stop embedding at once; what was done is kept.")
    async def stop_indexing(
        self, info: Info, input: Annotated[StopIndexingInput, strawberry.argument(description="Why.")]
    ) -> StopIndexingResult:
        status = await system.stop_indexing(info.context, or_none(input.reason))
        return StopIndexingSuccess(indexing=IndexingStatus.of(status))
