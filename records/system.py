"""A sample of the state of the machine and of the server's processes. Percentages range from 0 to 100."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from records.ids import ModelId
from records.model import ModelStatus


class WorkerPurpose(StrEnum):
    INFERENCE = "INFERENCE"
    VECTORS = "VECTORS"
    PROMPT_EMBEDDING = "PROMPT_EMBEDDING"
    DOCUMENT_EMBEDDING = "DOCUMENT_EMBEDDING"
    PARSING = "PARSING"
    RERANKING = "RERANKING"


class WorkerState(StrEnum):
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKING_OFF = "BACKING_OFF"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True, slots=True)
class HostInfo:
    hostname: str
    os: str
    kernel: str
    machine: str
    python: str
    version: str
    "Version of Graphlore."


@dataclass(frozen=True, slots=True)
class CpuStatus:
    model: str | None
    usage_percent: float
    per_core_percent: tuple[float, ...]
    logical_cores: int
    physical_cores: int | None
    frequency_mhz: float | None
    max_frequency_mhz: float | None
    load_average: tuple[float, ...]
    temperature_celsius: float | None


@dataclass(frozen=True, slots=True)
class MemoryStatus:
    total_bytes: int
    available_bytes: int
    used_bytes: int
    used_percent: float
    swap_total_bytes: int
    swap_used_bytes: int


@dataclass(frozen=True, slots=True)
class DiskStatus:
    purpose: str
    path: str
    total_bytes: int
    used_bytes: int
    free_bytes: int
    used_percent: float


@dataclass(frozen=True, slots=True)
class GpuStatus:
    index: int
    name: str
    driver_version: str | None
    memory_total_bytes: int
    memory_used_bytes: int
    memory_free_bytes: int
    utilization_percent: float | None
    temperature_celsius: float | None
    power_watts: float | None
    fan_percent: float | None
    own_memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class TemperatureReading:
    sensor: str
    label: str
    current_celsius: float
    high_celsius: float | None
    critical_celsius: float | None


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """The state of a worker. `pid` is None while no process runs."""

    purpose: WorkerPurpose
    state: WorkerState
    pid: int | None
    restarts: int


@dataclass(frozen=True, slots=True)
class ChildProcess:
    pid: int
    purpose: WorkerPurpose
    state: WorkerState
    cpu_percent: float
    resident_bytes: int
    restarts: int


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    pid: int
    cpu_percent: float
    resident_bytes: int
    threads: int
    open_files: int
    children: tuple[ChildProcess, ...]


@dataclass(frozen=True, slots=True)
class InferenceStatus:
    model_id: ModelId
    status: ModelStatus
    sequences_busy: int
    sequences_total: int
    queue_depth: int
    prompt_tokens_per_second: float
    completion_tokens_per_second: float
    cached_tokens_used: int
    cached_tokens_total: int
    prefix_hit_ratio: float
    prompt_tokens: int = 0
    "Tokens processed since the model was loaded, without those found in the cache."
    completion_tokens: int = 0
    prefix_queries: int = 0
    "Tokens of model inputs that were looked up in the KV cache; `prefix_hits` of them were found."
    prefix_hits: int = 0
    preemptions: int = 0


@dataclass(frozen=True, slots=True)
class IngestionStatus:
    queued: int
    running: int
    yielding: bool
    chunks_per_second: float


@dataclass(frozen=True, slots=True)
class StorageCounts:
    """Numbers of stored records, and sizes of their files in bytes."""

    documents: int
    chunks: int
    embedded_chunks: int
    sessions: int
    messages: int
    database_bytes: int
    originals_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StorageStatus:
    documents: int
    chunks: int
    vectors: int
    sessions: int
    messages: int
    database_bytes: int
    vector_store_bytes: int
    originals_bytes: int


@dataclass(frozen=True, slots=True)
class SystemSample:
    seq: int
    sampled_at: datetime
    uptime_seconds: float
    host: HostInfo
    cpu: CpuStatus
    memory: MemoryStatus
    disks: tuple[DiskStatus, ...]
    gpus: tuple[GpuStatus, ...]
    temperatures: tuple[TemperatureReading, ...]
    process: ProcessStatus
    inference: tuple[InferenceStatus, ...]
    ingestion: IngestionStatus
    storage: StorageStatus
    unavailable: tuple[str, ...]
