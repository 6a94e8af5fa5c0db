"""Background indexing, put together of what it waits for and what it works with."""

import asyncio
from collections.abc import Callable, Sequence

from bootstrap.deep import Deep
from records.system import WorkerStatus
from services.answers import Answers
from services.indexing import Indexing, IndexingSettings, MachineLoad
from services.ingestion import Ingestion
from settings import Settings


def make_indexing(
    settings: Settings,
    deep: Deep,
    answers: Answers,
    ingestion: Ingestion,
    workers: Callable[[], Sequence[WorkerStatus]],
    answer_began: asyncio.Event,
) -> Indexing:
    def ingested() -> int:
        status = ingestion.status()
        return status.queued + status.running

    return Indexing(
        deep.generation,
        IndexingSettings(settings.idle_threshold_seconds, settings.gpu_idle_percent),
        MachineLoad(workers),
        lambda: answers.running,
        ingested,
        answer_began,
        name=deep.name,
        error=deep.error,
    )
