"""System status: one sample of the machine and of the server's processes."""

from datetime import datetime

import strawberry

from records import system as records
from records.access import AccessScope
from records.model import ModelStatus
from records.system import WorkerPurpose, WorkerState
from resolvers import models
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.common.scalars import BigInt
from schema.models.types import Model
from schema.system.machine_types import (
    CpuStatus,
    DiskStatus,
    GpuStatus,
    HostInfo,
    MemoryStatus,
    TemperatureReading,
)

describe(
    WorkerPurpose,
    "Task of a worker process.",
    INFERENCE="Runs a language model.",
    VECTORS="Stores and searches vectors.",
    PROMPT_EMBEDDING="Embeds queries and prompts with the light embedder, and scores passages if no cross-encoder is "
    "configured.",
    DOCUMENT_EMBEDDING="Embeds documents at idle priority.",
    PARSING="Extracts text from files.",
    RERANKING="Scores passages with the configured cross-encoder. Without one there is no such process: the "
    "light embedder scores them in its process PROMPT_EMBEDDING.",
)
describe(
    WorkerState,
    "State of a worker process.",
    STARTING="The process is being started.",
    RUNNING="The process accepts work.",
    BACKING_OFF="The process ended unexpectedly; it is restarted after a delay of at most 5 seconds. Does not occur "
    "at present: a worker without a process is not listed.",
    GIVEN_UP="The process ended unexpectedly three times in a row. Calls fail for 60 seconds; the first call "
    "after that starts a new process. Does not occur at present: a worker without a process is not "
    "listed.",
)


@strawberry.type(description="A worker process of the server.")
class ChildProcess:
    pid: int = strawberry.field(description="Process id.")
    purpose: WorkerPurpose = strawberry.field(description="Task of the process.")
    state: WorkerState = strawberry.field(description="State of the process: STARTING or RUNNING.")
    cpu_percent: float = strawberry.field(
        description="Processor time since the previous sample, in percent of one core: 100 is one fully used core, so"
        " that the value can exceed 100. `SystemStatus` describes which sample is the previous one."
    )
    resident_bytes: BigInt = strawberry.field(description="Resident memory in bytes.")
    restarts: int = strawberry.field(description="Number of restarts after an unexpected end.")


@strawberry.type(
    description="The server's main process, and its worker processes in `children`. All other fields describe the main "
    "process alone."
)
class ProcessStatus:
    pid: int = strawberry.field(description="Process id.")
    cpu_percent: float = strawberry.field(
        description="Processor time since the previous sample, in percent of one core: 100 is one fully used core, so"
        " that the value can exceed 100. `SystemStatus` describes which sample is the previous one."
    )
    resident_bytes: BigInt = strawberry.field(description="Resident memory in bytes.")
    threads: int = strawberry.field(description="Number of threads.")
    open_files: int | None = strawberry.field(
        description="Number of open file descriptors, including sockets; null if it cannot be read."
    )
    children: list[ChildProcess] = strawberry.field(
        description="Worker processes that exist. A worker that is waiting for a restart has no process and is not "
        "listed."
    )


@strawberry.type(
    description="Utilization of a model that is in memory or being loaded. While the model is not READY or does not "
    "respond, `sequencesTotal` is 1 and all other numbers are 0."
)
class InferenceStatus:
    model_id: strawberry.ID = strawberry.field(description="Id of the model.")
    record: strawberry.Private[records.InferenceStatus]
    status: ModelStatus = strawberry.field(description="State of the model.")
    sequences_busy: int = strawberry.field(description="Number of answers that are being generated.")
    sequences_total: int = strawberry.field(description="Maximum number of answers that are generated in parallel.")
    queue_depth: int = strawberry.field(
        description="Number of answers that wait in the model's queue, including those that were suspended because "
        "the KV cache was full."
    )
    prompt_tokens_per_second: float = strawberry.field(
        description="Mean prefill speed over the last 5 seconds in tokens of model inputs per second, of all answers "
        "together."
    )
    completion_tokens_per_second: float = strawberry.field(
        description="Mean decoding speed over the last 5 seconds in generated tokens per second, of all answers "
        "together."
    )
    cached_tokens_used: int = strawberry.field(description="Number of tokens in the KV cache.")
    cached_tokens_total: int = strawberry.field(description="Capacity of the KV cache in tokens.")
    prefix_hit_ratio: float = strawberry.field(
        description="Share of the tokens of model inputs that were found in the KV cache since the model was loaded, "
        "0 to 1."
    )

    @classmethod
    def from_record(cls, record: records.InferenceStatus) -> "InferenceStatus":
        return from_record(cls, record, record=record, model_id=global_ids.MODEL.encode(record.model_id))

    @strawberry.field(description="The model; null after it is removed.")
    def model(self, info: Info) -> Model | None:
        found = models.find_model(info.context, self.record.model_id)
        return None if found is None else Model.from_record(found)


@strawberry.type(
    description="State of ingestion: the number of documents that wait, the number of those that are worked on, and the "
    "speed."
)
class IngestionStatus:
    queued: int = strawberry.field(
        description="Number of documents that wait to be parsed or embedded. At most 10,000 that wait to be parsed, "
        "and as many that wait to be embedded, are counted."
    )
    running: int = strawberry.field(description="Number of documents that are being parsed or embedded now.")
    yielding: bool = strawberry.field(
        description="True if documents are being ingested while answers are being generated. Ingestion is slower "
        "then, because answers have priority."
    )
    chunks_per_second: float = strawberry.field(
        description="Embedding speed of the latest batch in chunks per second; 0 while nothing is embedded."
    )


@strawberry.type(description="Amount of stored data.")
class StorageStatus:
    documents: int = strawberry.field(description="Number of documents.")
    chunks: int = strawberry.field(description="Number of chunks.")
    vectors: int = strawberry.field(
        description="Number of chunks with a vector of the light embedder (`ServerSettings.lightEmbedder`)."
    )
    sessions: int = strawberry.field(description="Number of sessions.")
    messages: int = strawberry.field(description="Number of messages.")
    database_bytes: BigInt = strawberry.field(description="Size of the database in bytes.")
    vector_store_bytes: BigInt = strawberry.field(description="Size of the vector store in bytes.")
    originals_bytes: BigInt = strawberry.field(description="Size of the original files in bytes.")


@strawberry.type(
    description="One sample of the machine and of the server's processes. Usage in percent is the mean since the "
    "previous sample. The previous sample has the next lower `seq`, whether it was taken for this client "
    "or for another one, by `systemStatus` or by `systemMetrics`. If there is none, or if it is older "
    "than 5 seconds, usage is measured over the 0.1 seconds before this sample."
)
class SystemStatus:
    seq: int = strawberry.field(description="Number of the sample, from 1 since the server started.")
    sampled_at: datetime = strawberry.field(description="Time at which the sample was taken.")
    uptime_seconds: float = strawberry.field(description="Time in seconds since the server started.")
    host: HostInfo = strawberry.field(description="The machine and the versions of its software.")
    cpu: CpuStatus = strawberry.field(description="The processor.")
    memory: MemoryStatus = strawberry.field(description="Main memory and swap space.")
    disks: list[DiskStatus] = strawberry.field(description="File systems that the server writes to.")
    gpus: list[GpuStatus] = strawberry.field(description="NVIDIA GPUs; empty if there are none.")
    temperatures: list[TemperatureReading] = strawberry.field(
        description="Readings of all temperature sensors; empty if the operating system reports none."
    )
    process: ProcessStatus = strawberry.field(description="The server's main process and its worker processes.")
    inference: list[InferenceStatus] | None = strawberry.field(
        description="Utilization of each model that is in memory or being loaded; null for viewers other than "
        "administrators."
    )
    ingestion: IngestionStatus | None = strawberry.field(
        description="Numbers of documents in ingestion, and its speed; null for viewers other than administrators."
    )
    storage: StorageStatus | None = strawberry.field(
        description="Amount of stored data; null for viewers other than administrators."
    )
    unavailable: list[str] = strawberry.field(
        description="Values that could not be read on this machine, each with the reason, in English. They include "
        "sensors and GPUs that the machine does not have."
    )
    source_event: strawberry.Private[records.SystemSample]

    @classmethod
    def from_record(cls, sample: records.SystemSample, scope: AccessScope) -> "SystemStatus":
        """Return a sample as a viewer may see it: only administrators see what other users do, and paths."""
        if not scope.is_admin:
            disks = [from_record(DiskStatus, disk, path=None) for disk in sample.disks]
            return from_record(
                cls, sample, source_event=sample, disks=disks, inference=None, ingestion=None, storage=None
            )
        inference = [InferenceStatus.from_record(each) for each in sample.inference]
        return from_record(cls, sample, source_event=sample, inference=inference)
