"""The status of background indexing with the deep embedder."""

from datetime import datetime

import strawberry

from records import indexing as records
from records.access import AccessScope
from records.indexing import IndexingState
from schema.common.enums import describe
from schema.common.mapping import from_record

describe(
    IndexingState,
    "State of background indexing.",
    IDLE="No chunk is pending, indexing was stopped, or no deep embedder (`ServerSettings.deepEmbedder`) is "
    "configured.",
    WAITING_FOR_IDLE="Chunks are pending. Indexing starts when the machine has been idle for long enough or, after "
    "`startIndexing` with `now: true`, as soon as the unfinished answers have ended.",
    RUNNING="Chunks are being embedded.",
    STOPPING="Indexing is being interrupted.",
    FAILED="The deep embedder cannot be used; `IndexingStatus.error` has the reason. Search uses the light embedder.",
)

_FOR_ADMINISTRATORS = ("pending_documents", "pending_chunks", "done_chunks", "idle_seconds", "started_at", "error")
"""Fields that are null for viewers other than administrators."""


@strawberry.type(
    description="Status of background indexing, in which the deep embedder (`ServerSettings.deepEmbedder`) embeds"
    " READY documents. The machine is idle while the server neither generates answers nor ingests "
    "documents, and the utilization of the busiest GPU is below `ServerSettings.gpuIdlePercent`. "
    "Without a GPU, the utilization of the processor by other programs decides. It is checked every 5"
    " seconds."
)
class IndexingStatus:
    state: IndexingState = strawberry.field(description="State of background indexing.")
    deep_embedder: str | None = strawberry.field(description="Name of the deep embedder; null if none is configured.")
    pending_documents: int | None = strawberry.field(
        description="Number of READY documents that have a chunk without a vector of the deep embedder; null for "
        "viewers other than administrators."
    )
    pending_chunks: int | None = strawberry.field(
        description="Number of chunks of READY documents without a vector of the deep embedder; null for viewers "
        "other than administrators."
    )
    done_chunks: int | None = strawberry.field(
        description="Number of chunks of READY documents with a vector of the deep embedder; null for viewers "
        "other than administrators."
    )
    idle_seconds: float | None = strawberry.field(
        description="Time in seconds for which the machine had been idle at the last check; null for viewers "
        "other than administrators."
    )
    idle_threshold_seconds: int = strawberry.field(
        description="Time in seconds that the machine must be idle before indexing starts."
    )
    gpu_utilization_percent: float | None = strawberry.field(
        description="Utilization of the busiest GPU at the last check, 0 to 100; null without a GPU."
    )
    started_at: datetime | None = strawberry.field(
        description="Time at which the current run started; null unless `state` is RUNNING or STOPPING, and for "
        "viewers other than administrators."
    )
    error: str | None = strawberry.field(
        description="Reason of the failure, in English; null unless `state` is FAILED, and for viewers other "
        "than administrators."
    )
    source_event: strawberry.Private[records.IndexingStatus]

    @classmethod
    def from_record(cls, record: records.IndexingStatus, scope: AccessScope) -> "IndexingStatus":
        """Return the status as a viewer may see it: the numbers count the documents of all users."""
        hidden = {} if scope.is_admin else dict.fromkeys(_FOR_ADMINISTRATORS)
        return from_record(cls, record, source_event=record, **hidden)
