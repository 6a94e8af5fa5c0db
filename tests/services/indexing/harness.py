"""Indexing over fakes, with a clock that the test advances and a list of everything that is published."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio
from structlog.testing import capture_logs

from concurrency import Signal, Supervisor, open_task_group
from records.indexing import IndexingState, IndexingStatus
from services.indexing import (
    ConfiguredEmbedder,
    DeepIndex,
    Indexing,
    IndexingSettings,
    ServerActivity,
    open_indexing,
)
from services.indexing.indexing import MEASURE_SECONDS
from tests.fakes.faults import Faults
from tests.fakes.indexing import FakeDeepEmbedder, FakeDeepVectors, FakeIndex, FakeLoadMeter, ManualClock
from tests.support.supervisor import open_test_supervisor

SETTINGS = IndexingSettings(idle_threshold_seconds=60, gpu_idle_percent=10.0)


@dataclass
class IndexingHarness:
    indexing: Indexing
    vectors: FakeDeepVectors
    embedder: FakeDeepEmbedder
    machine: FakeLoadMeter
    clock: ManualClock
    activity: ServerActivity
    supervisor: Supervisor
    published: list[IndexingStatus] = field(default_factory=list)

    async def settle(self) -> None:
        """Run everything that can run without advancing the clock."""
        for _ in range(200):
            await anyio.lowlevel.checkpoint()
        while not self.clock.is_awaited:  # a thread reads the load
            await anyio.sleep(0.001)
        for _ in range(200):
            await anyio.lowlevel.checkpoint()

    async def pass_time(self, seconds: float) -> None:
        """Advance the clock in steps, so that the load is read as often as in operation."""
        for _ in range(int(seconds / MEASURE_SECONDS)):
            self.clock.advance(MEASURE_SECONDS)
            await self.settle()

    async def state(self) -> IndexingState:
        return (await self.indexing.status()).state

    async def start_answer(self) -> None:
        self.machine.answers += 1
        self.activity.changed.set()
        await self.settle()

    @property
    def published_states(self) -> list[IndexingState]:
        """The published states without repetitions."""
        states = [status.state for status in self.published]
        return [state for at, state in enumerate(states) if at == 0 or states[at - 1] is not state]


@asynccontextmanager
async def open_harness(
    chunks: int = 40, former: int = 0, faults: Faults | None = None
) -> AsyncIterator[IndexingHarness]:
    """Run indexing over `chunks` chunks without a vector. `faults` wraps the stores and the embedder."""
    vectors, embedder, machine, clock = (
        FakeDeepVectors(chunks, former),
        FakeDeepEmbedder(),
        FakeLoadMeter(),
        ManualClock(),
    )
    index = DeepIndex(embedder, vectors, FakeIndex())
    if faults is not None:
        index = replace(index, embedder=faults.wrap(embedder), vectors=faults.wrap(vectors))
    activity = ServerActivity(lambda: machine.answers, lambda: machine.documents, Signal())
    indexing = Indexing(ConfiguredEmbedder("deep", None, index), SETTINGS, machine, activity, clock)

    async def collect() -> None:
        async with indexing.watch_indexing() as statuses, aclosing(statuses):
            async for status in statuses:
                harness.published.append(status)

    with capture_logs():
        async with open_test_supervisor() as supervisor, open_task_group() as tasks:
            harness = IndexingHarness(indexing, vectors, embedder, machine, clock, activity, supervisor)
            if faults is None:
                tasks.start_soon(collect)
            async with open_indexing(supervisor, indexing):
                await harness.settle()
                yield harness
