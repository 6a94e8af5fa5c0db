"""Complete records with a value in every nested field, for tests that select every field."""

from records.document import BoundingBox
from records.ids import ChunkId, DocumentId, ModelId
from records.indexing import IndexingState, IndexingStatus
from records.model import ModelStatus
from records.retrieval import RetrievalHit
from records.session import (
    CitationRecord,
    ContextBudget,
    FinishReason,
    GenerationDetails,
    SamplingSettings,
    TokenUsage,
)
from records.system import (
    ChildProcess,
    CpuStatus,
    DiskStatus,
    GpuStatus,
    HostInfo,
    InferenceStatus,
    IngestionStatus,
    MemoryStatus,
    ProcessStatus,
    StorageStatus,
    SystemSample,
    TemperatureReading,
    WorkerPurpose,
    WorkerState,
)
from tests.support.builders import THEN, make_chunk, make_document

CITATION = CitationRecord(
    marker=1,
    document_id=DocumentId(1),
    chunk_id=ChunkId(1),
    document_name="bolts.txt",
    quote="Bolt A takes 35 Nm.",
    page=3,
    score=0.9,
    used=True,
    start_offset=0,
    end_offset=19,
    bounding_box=BoundingBox(3, 10.0, 20.0, 200.0, 40.0),
)
GENERATION = GenerationDetails(
    sampling=SamplingSettings(temperature=0.7, stop=("###",)),
    usage=TokenUsage(100, 40, 12, 0),
    finish_reason=FinishReason.STOP,
    queued_ms=1.0,
    retrieval_ms=4.0,
    time_to_first_token_ms=30.0,
    tokens_per_second=90.0,
    budget=ContextBudget(2048, 10, 50, 0, 40, 512),
    prompt=None,
)
HIT = RetrievalHit(
    rank=1,
    chunk=make_chunk(),
    document=make_document(),
    score=1.0,
    similarity=0.8,
    bm25=3.2,
)
INDEXING = IndexingStatus(
    IndexingState.WAITING_FOR_IDLE, "large", 1, 2, 1, 1, 5, 30.0, 600, 12.0, THEN, "It ended unexpectedly."
)
SAMPLE = SystemSample(
    seq=1,
    sampled_at=THEN,
    uptime_seconds=12.5,
    host=HostInfo("desk", "Linux", "6.1", "x86_64", "3.11.7", "0.1.0"),
    cpu=CpuStatus("A processor", 12.0, (10.0, 14.0), 2, 1, 3000.0, None, (0.5, 0.4, 0.3), None),
    memory=MemoryStatus(16 << 30, 8 << 30, 8 << 30, 50.0, 0, 0),
    disks=(DiskStatus("data", "/data", 1 << 40, 1 << 39, 1 << 39, 50.0),),
    gpus=(GpuStatus(0, "A GPU", "550", 1 << 36, 1 << 35, 1 << 35, 20.0, 50.0, 100.0, None, 1 << 34),),
    temperatures=(TemperatureReading("coretemp", "Core 0", 45.0, 80.0, None),),
    process=ProcessStatus(
        100, 5.0, 1 << 28, 8, 20, (ChildProcess(101, WorkerPurpose.VECTORS, WorkerState.RUNNING, 1.0, 1 << 27, 0),)
    ),
    inference=(InferenceStatus(ModelId("0123456789abcdef"), ModelStatus.READY, 1, 4, 0, 800.0, 90.0, 100, 2048, 0.5),),
    ingestion=IngestionStatus(2, 1, True, 40.0),
    storage=StorageStatus(2, 3, 3, 1, 2, 1 << 20, 1 << 21, 1 << 22),
    unavailable=("fans: no sensor",),
)
