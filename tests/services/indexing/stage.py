"""Indexing over fakes, with a clock that the test moves and everything that it tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from records.indexing import IndexingState, IndexingStatus
from services.indexing import Indexing, IndexingSettings, open_indexing
from services.indexing.indexing import LOOK_SECONDS
from tests.fakes.indexing import FakeDeepEmbedder, FakeDeepVectors, FakeMachine, MovedPace, make_generation
from tests.support.supervised import open_test_supervisor

SETTINGS = IndexingSettings(idle_threshold_seconds=60, gpu_idle_percent=10.0)


@dataclass
class Stage:
    indexing: Indexing
    vectors: FakeDeepVectors
    embedder: FakeDeepEmbedder
    machine: FakeMachine
    pace: MovedPace
    news: asyncio.Event
    told: list[IndexingStatus] = field(default_factory=list)

    async def settle(self) -> None:
        """Let everything happen that can without the clock moving."""
        for _ in range(200):
            await asyncio.sleep(0)
        while not self.pace.is_resting:  # the load is being read, by a thread
            await asyncio.sleep(0.001)
        for _ in range(200):
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float) -> None:
        """In steps, so that the machine is looked at as often as in real life."""
        for _ in range(int(seconds / LOOK_SECONDS)):
            self.pace.move(LOOK_SECONDS)
            await self.settle()

    async def state(self) -> IndexingState:
        return (await self.indexing.status()).state

    async def begin_answer(self) -> None:
        self.machine.answers += 1
        self.news.set()
        await self.settle()

    @property
    def told_states(self) -> list[IndexingState]:
        states = [status.state for status in self.told]
        return [state for at, state in enumerate(states) if at == 0 or states[at - 1] is not state]


@asynccontextmanager
async def stage(chunks: int = 40, former: int = 0) -> AsyncIterator[Stage]:
    vectors, embedder, machine, pace = FakeDeepVectors(chunks, former), FakeDeepEmbedder(), FakeMachine(), MovedPace()
    news = asyncio.Event()
    indexing = Indexing(
        make_generation(vectors, embedder),
        SETTINGS,
        machine,
        lambda: machine.answers,
        lambda: machine.documents,
        news,
        name="deep",
        pace=pace,
    )
    made = Stage(indexing, vectors, embedder, machine, pace, news)

    async def listen() -> None:
        async with indexing.watch() as changes:
            async for status in changes:
                made.told.append(status)

    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen())
        async with open_test_supervisor() as supervisor, open_indexing(supervisor, indexing):
            await made.settle()
            yield made
        listening.cancel()
