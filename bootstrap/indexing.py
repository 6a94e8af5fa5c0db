"""Background indexing, connected to the components that have priority over it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from bootstrap.deep_embedder import Deep
from concurrency import Signal, Supervisor
from records.system import WorkerStatus
from services.answers import Answers
from services.indexing import (
    ConfiguredEmbedder,
    Indexing,
    IndexingSettings,
    MachineLoad,
    ServerActivity,
    open_indexing,
)
from services.ingestion import Ingestion
from settings import Settings


@asynccontextmanager
async def open_background_indexing(
    supervisor: Supervisor,
    settings: Settings,
    deep: Deep,
    answers: Answers,
    ingestion: Ingestion,
    workers: Callable[[], Sequence[WorkerStatus]],
    answer_started: Signal,
) -> AsyncIterator[Indexing]:
    """Index with the deep embedder while the machine is idle. Indexing is interrupted when `answer_started` is set."""

    def ingesting() -> int:
        status = ingestion.status()
        return status.queued + status.running

    indexing = Indexing(
        ConfiguredEmbedder(deep.name, deep.error, deep.deep_index),
        IndexingSettings(settings.idle_threshold_seconds, settings.gpu_idle_percent),
        MachineLoad(workers),
        ServerActivity(lambda: answers.running, ingesting, answer_started),
    )
    async with open_indexing(supervisor, indexing):
        yield indexing
