"""Background indexing with the work that has priority over it."""

from collections.abc import Callable, Sequence

from bootstrap.deep import Deep
from concurrency import Signal
from records.system import WorkerStatus
from services.answers import Answers
from services.indexing import ConfiguredEmbedder, Indexing, IndexingSettings, MachineLoad, ServerActivity
from services.ingestion import Ingestion
from settings import Settings


def make_indexing(
    settings: Settings,
    deep: Deep,
    answers: Answers,
    ingestion: Ingestion,
    workers: Callable[[], Sequence[WorkerStatus]],
    answer_started: Signal,
) -> Indexing:
    def ingested() -> int:
        status = ingestion.status()
        return status.queued + status.running

    return Indexing(
        ConfiguredEmbedder(deep.name, deep.error, deep.generation),
        IndexingSettings(settings.idle_threshold_seconds, settings.gpu_idle_percent),
        MachineLoad(workers),
        ServerActivity(lambda: answers.running, ingested, answer_started),
    )
