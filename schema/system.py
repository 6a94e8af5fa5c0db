"""One sample of the machine and of the server's own processes."""

from datetime import datetime

import strawberry

from records import system as records
from records.model import ModelStatus
from records.system import WorkerPurpose, WorkerState
from resolvers import models
from schema import ids
from schema.enums import describe
from schema.info import Info
from schema.mapping import made_from
from schema.model import Model
from schema.scalars import BigInt

describe(
    WorkerPurpose,
    "What a process of the server's is for.",
    INFERENCE="Runs a language model.",
    VECTORS="Owns the vectors and searches them.",
    PROMPT_EMBEDDING="Embeds prompts, at once.",
    DOCUMENT_EMBEDDING="Embeds documents, when nothing else wants the machine.",
    PARSING="Reads documents' files.",
    RERANKING="Holds the best passages against the prompt, with the cross-encoder that was named.",
)
describe(
    WorkerState,
    "What state a process of the server's is in.",
    STARTING="On its way.",
    RUNNING="At work, or waiting for some.",
    BACKING_OFF="It crashed and is started again in a moment.",
    GIVEN_UP="It crashed too often; it is tried again later.",
)


@strawberry.type(description="The machine and the programs on it.")
class HostInfo:
    hostname: str = strawberry.field(description="The machine's name.")
    os: str = strawberry.field(description="Its operating system.")
    kernel: str = strawberry.field(description="That system's release.")
    machine: str = strawberry.field(description="The processor's architecture.")
    python: str = strawberry.field(description="Python's version.")
    version: str = strawberry.field(description="Graphlore's version.")


@strawberry.type(description="The processor. Percentages are 0 to 100.")
class CpuStatus:
    model: str | None = strawberry.field(description="Its name.")
    usage_percent: float = strawberry.field(description="How busy it is.")
    per_core_percent: list[float] = strawberry.field(description="How busy each logical core is.")
    logical_cores: int = strawberry.field(description="Its cores, as programs see them.")
    physical_cores: int | None = strawberry.field(description="Its cores, as they are built.")
    frequency_mhz: float | None = strawberry.field(description="How fast it runs now.")
    max_frequency_mhz: float | None = strawberry.field(description="How fast it can run.")
    load_average: list[float] = strawberry.field(description="The system's load over 1, 5 and 15 minutes.")
    temperature_celsius: float | None = strawberry.field(description="How hot it is.")


@strawberry.type(description="The main memory.")
class MemoryStatus:
    total_bytes: BigInt = strawberry.field(description="All of it.")
    available_bytes: BigInt = strawberry.field(description="What programs can still have.")
    used_bytes: BigInt = strawberry.field(description="What is taken.")
    used_percent: float = strawberry.field(description="The share that is taken.")
    swap_total_bytes: BigInt = strawberry.field(description="All of the swap space.")
    swap_used_bytes: BigInt = strawberry.field(description="What of it is taken.")


@strawberry.type(description="A file system that the server writes to.")
class DiskStatus:
    purpose: str = strawberry.field(description="What the server keeps there.")
    path: str = strawberry.field(description="Where.")
    total_bytes: BigInt = strawberry.field(description="All of it.")
    used_bytes: BigInt = strawberry.field(description="What is taken.")
    free_bytes: BigInt = strawberry.field(description="What the server can still have.")
    used_percent: float = strawberry.field(description="The share that is taken.")


@strawberry.type(description="A graphics processor.")
class GpuStatus:
    index: int = strawberry.field(description="Its number, from 0.")
    name: str = strawberry.field(description="Its name.")
    driver_version: str | None = strawberry.field(description="Its driver's version.")
    memory_total_bytes: BigInt = strawberry.field(description="All of its memory.")
    memory_used_bytes: BigInt = strawberry.field(description="What of it is taken.")
    memory_free_bytes: BigInt = strawberry.field(description="What of it is free.")
    utilization_percent: float | None = strawberry.field(description="How busy it is.")
    temperature_celsius: float | None = strawberry.field(description="How hot it is.")
    power_watts: float | None = strawberry.field(description="The power that it draws.")
    fan_percent: float | None = strawberry.field(description="How fast its fan turns.")
    own_memory_bytes: BigInt | None = strawberry.field(
        description="What the server's own processes have of its memory."
    )


@strawberry.type(description="One sensor's reading.")
class TemperatureReading:
    sensor: str = strawberry.field(description="The sensor's chip.")
    label: str = strawberry.field(description="What it measures.")
    current_celsius: float = strawberry.field(description="How hot it is.")
    high_celsius: float | None = strawberry.field(description="From when on it is called hot.")
    critical_celsius: float | None = strawberry.field(description="From when on it is in danger.")


@strawberry.type(description="A process that the server started.")
class ChildProcess:
    pid: int = strawberry.field(description="Its number.")
    purpose: WorkerPurpose = strawberry.field(description="What it is for.")
    state: WorkerState = strawberry.field(description="What state it is in.")
    cpu_percent: float = strawberry.field(description="How busy it is; 100 is one core.")
    resident_bytes: BigInt = strawberry.field(description="The memory that it holds.")
    restarts: int = strawberry.field(description="How often it was started again.")


@strawberry.type(description="The server's own process.")
class ProcessStatus:
    pid: int = strawberry.field(description="Its number.")
    cpu_percent: float = strawberry.field(description="How busy it is; 100 is one core.")
    resident_bytes: BigInt = strawberry.field(description="The memory that it holds.")
    threads: int = strawberry.field(description="Its threads.")
    open_files: int | None = strawberry.field(description="The files and sockets that it holds open.")
    children: list[ChildProcess] = strawberry.field(description="The processes that it started.")


@strawberry.type(description="A model at work.")
class InferenceStatus:
    model_id: strawberry.ID = strawberry.field(description="The model.")
    record: strawberry.Private[records.InferenceStatus]
    status: ModelStatus = strawberry.field(description="What state it is in.")
    sequences_busy: int = strawberry.field(description="Answers that it is making.")
    sequences_total: int = strawberry.field(description="Answers that it can make at the same time.")
    queue_depth: int = strawberry.field(description="Answers that wait for their turn.")
    prompt_tokens_per_second: float = strawberry.field(description="How fast it reads.")
    completion_tokens_per_second: float = strawberry.field(description="How fast it writes.")
    cached_tokens_used: int = strawberry.field(description="Tokens that its cache holds.")
    cached_tokens_total: int = strawberry.field(description="Tokens that its cache can hold.")
    prefix_hit_ratio: float = strawberry.field(description="Share of prompts' tokens that were in the cache, 0 to 1.")

    @classmethod
    def of(cls, record: records.InferenceStatus) -> "InferenceStatus":
        return made_from(cls, record, record=record, model_id=ids.MODEL.of(record.model_id))

    @strawberry.field(description="The model itself.")
    def model(self, info: Info) -> Model | None:
        found = models.find_model(info.context, self.record.model_id)
        return None if found is None else Model.of(found)


@strawberry.type(description="What ingestion is at.")
class IngestionStatus:
    queued: int = strawberry.field(description="Documents that wait.")
    running: int = strawberry.field(description="Documents that are being ingested.")
    yielding: bool = strawberry.field(description="Waiting for answers to finish: they go first.")
    chunks_per_second: float = strawberry.field(description="How fast chunks are embedded.")


@strawberry.type(description="What the server keeps.")
class StorageStatus:
    documents: int = strawberry.field(description="Documents.")
    chunks: int = strawberry.field(description="Chunks of documents.")
    vectors: int = strawberry.field(description="Chunks that have a vector.")
    sessions: int = strawberry.field(description="Sessions.")
    messages: int = strawberry.field(description="Messages.")
    database_bytes: BigInt = strawberry.field(description="Bytes of the database.")
    vector_store_bytes: BigInt = strawberry.field(description="Bytes of the vector store.")
    originals_bytes: BigInt = strawberry.field(description="Bytes of the documents' originals.")


@strawberry.type(description="One sample of the machine and of the server's own processes.")
class SystemStatus:
    seq: int = strawberry.field(description="The sample's number.")
    sampled_at: datetime = strawberry.field(description="When it was taken.")
    uptime_seconds: float = strawberry.field(description="How long the server has run.")
    host: HostInfo = strawberry.field(description="The machine and the programs on it.")
    cpu: CpuStatus = strawberry.field(description="The processor.")
    memory: MemoryStatus = strawberry.field(description="The main memory.")
    disks: list[DiskStatus] = strawberry.field(description="The file systems that the server writes to.")
    gpus: list[GpuStatus] = strawberry.field(description="The graphics processors, where there are any.")
    temperatures: list[TemperatureReading] = strawberry.field(description="What the sensors say.")
    process: ProcessStatus = strawberry.field(description="The server's own process, and those that it started.")
    inference: list[InferenceStatus] = strawberry.field(description="One for each model that is loaded or loading.")
    ingestion: IngestionStatus = strawberry.field(description="What ingestion is at.")
    storage: StorageStatus = strawberry.field(description="What the server keeps.")
    unavailable: list[str] = strawberry.field(
        description="What could not be read on this machine, and why; a missing sensor is never an error."
    )
    told: strawberry.Private[records.SystemSample]
    "One for all who watch: the transport makes once what many of them are sent."

    @classmethod
    def of(cls, sample: records.SystemSample) -> "SystemStatus":
        return made_from(cls, sample, told=sample, inference=[InferenceStatus.of(each) for each in sample.inference])
