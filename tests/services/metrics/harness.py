"""A sampler over fake hardware, with fake numbers of the server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from records.ids import ModelId
from records.model import ModelStatus
from records.system import (
    InferenceStatus,
    IngestionStatus,
    StorageStatus,
    WorkerPurpose,
    WorkerState,
    WorkerStatus,
)
from services.metrics import Machine, Metrics, Sources, open_metrics
from tests.fakes.faults import Faults
from tests.fakes.machine import FakeNvml, laptop_sensors
from tests.support.supervisor import open_test_supervisor

INFERENCE = InferenceStatus(ModelId("0123456789abcdef"), ModelStatus.READY, 1, 4, 2, 300.0, 40.5, 512, 2048, 0.75)
INGESTION = IngestionStatus(queued=3, running=1, yielding=True, chunks_per_second=12.5)
STORAGE = StorageStatus(5, 600, 590, 7, 80, 1_000_000, 2_000_000, 3_000_000)


@dataclass
class FakeServer:
    """The server's own numbers; `samples` counts how often they were read."""

    samples: int = 0
    error: Exception | None = None
    "Raised by each sample."
    unavailable: tuple[str, ...] = ()
    "Reasons why inference cannot be read."
    gate: anyio.Event | None = None
    "Each sample waits for it."

    def workers(self) -> tuple[WorkerStatus, ...]:
        return (WorkerStatus(WorkerPurpose.VECTORS, WorkerState.BACKING_OFF, None, 1),)

    async def inference(self) -> tuple[tuple[InferenceStatus, ...], tuple[str, ...]]:
        return (INFERENCE,), self.unavailable

    def ingestion(self) -> IngestionStatus:
        return INGESTION

    async def storage(self) -> tuple[StorageStatus, tuple[str, ...]]:
        self.samples += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return STORAGE, ()


@asynccontextmanager
async def open_sampler(server: FakeServer, folder: Path, faults: Faults | None = None) -> AsyncIterator[Metrics]:
    """Run a sampler; `faults` wraps the sources that are asynchronous."""
    source = faults.wrap(server) if faults else server
    sources = Sources(server.workers, source.inference, server.ingestion, source.storage)
    machine = Machine({"data": folder}, FakeNvml(), laptop_sensors)
    async with open_test_supervisor() as supervisor, open_metrics(supervisor, sources, machine, "0.1.0") as metrics:
        yield metrics
