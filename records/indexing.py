"""What the indexing with the deep embedder is at."""

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
    """Of the documents that are READY: what the deep embedder has not come to yet, and what it has done."""

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
    "Since the server began, those counted that were embedded again."
    idle_seconds: float
    idle_threshold_seconds: int
    gpu_utilization_percent: float | None
    started_at: datetime | None
    error: str | None
