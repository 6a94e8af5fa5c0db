"""Mutations of background indexing and their results."""

from typing import Annotated

import strawberry

from resolvers import system
from schema.common.errors import ConflictError, InvalidInputError
from schema.common.info import Info
from schema.common.mapping import or_none
from schema.system.indexing import IndexingStatus
from schema.system.inputs import StartIndexingInput, StopIndexingInput


@strawberry.type(
    description="Background indexing was requested. With `now: true`, `indexing.state` is RUNNING, or "
    "WAITING_FOR_IDLE while an answer is unfinished. With `now: false`, it is WAITING_FOR_IDLE until the "
    "machine has been idle for long enough. In both cases, it is IDLE if no chunk is pending, and FAILED "
    "if the deep embedder cannot be used."
)
class StartIndexingSuccess:
    indexing: IndexingStatus = strawberry.field(description="Status after the change.")


@strawberry.type(
    description="Background indexing is stopped until `startIndexing` is called or the server is restarted."
)
class StopIndexingSuccess:
    indexing: IndexingStatus = strawberry.field(description="Status after the change.")


StartIndexingResult = Annotated[
    StartIndexingSuccess | ConflictError | InvalidInputError,
    strawberry.union(
        "StartIndexingResult", description="Result of `startIndexing`. `InvalidInputError` does not occur at present."
    ),
]
StopIndexingResult = Annotated[
    StopIndexingSuccess | ConflictError,
    strawberry.union("StopIndexingResult", description="Result of `stopIndexing`."),
]


@strawberry.type
class IndexingMutations:
    @strawberry.mutation(
        description="Start to embed documents with the deep embedder (`ServerSettings.deepEmbedder`). Only chunks "
        "without a vector are embedded. Returns `ConflictError` if indexing is running already, or if no deep "
        "embedder is configured."
    )
    async def start_indexing(
        self,
        info: Info,
        input: Annotated[
            StartIndexingInput,
            strawberry.argument(description="Choice between a start now and a start when the machine is idle."),
        ],
    ) -> StartIndexingResult:
        status = await system.start_indexing(info.context, input.now)
        return StartIndexingSuccess(indexing=IndexingStatus.from_record(status, info.context.scope))

    @strawberry.mutation(
        description="Stop background indexing at once; embedded chunks are kept. Returns `ConflictError` if indexing "
        "is neither running nor waiting."
    )
    async def stop_indexing(
        self, info: Info, input: Annotated[StopIndexingInput, strawberry.argument(description="Reason for the log.")]
    ) -> StopIndexingResult:
        status = await system.stop_indexing(info.context, or_none(input.reason))
        return StopIndexingSuccess(indexing=IndexingStatus.from_record(status, info.context.scope))
