"""State of background indexing with the deep embedder."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IndexingState(StrEnum):
    IDLE = "IDLE"
    WAITING_FOR_IDLE = "WAITING_FOR_IDLE"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class IndexCounts:
    """Numbers of READY documents and their chunks, with (done) and without (pending) vectors of the deep embedder."""

    pending_documents: int = 0
    pending_chunks: int = 0
    done_chunks: int = 0
    done_documents: int = 0


@dataclass(frozen=True, slots=True)
class IndexingStatus:
    state: IndexingState
    deep_embedder: str | None
    pending_documents: int
    pending_chunks: int
    done_chunks: int
    done_documents: int
    embedded_chunks: int
    "Chunks embedded since the server started, including those that were embedded again."
    idle_seconds: float
    idle_threshold_seconds: int
    gpu_utilization_percent: float | None
    started_at: datetime | None
    error: str | None
