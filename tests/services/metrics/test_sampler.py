"""One sampler for all who watch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from records.ids import ModelId
from records.model import ModelStatus
from records.system import (
    InferenceStatus,
    IngestionStatus,
    StorageStatus,
    SystemSample,
    WorkerPurpose,
    WorkerState,
    WorkerStatus,
)
from services.metrics.machine.machine import Machine
from services.metrics.sampler import TOGETHER, Metrics, Sources, _Watcher, open_metrics
from tests.services.metrics.fakes import FakeNvml, laptop_sensors
from tests.support.supervised import open_test_supervisor

INFERENCE = InferenceStatus(ModelId("0123456789abcdef"), ModelStatus.READY, 1, 4, 2, 300.0, 40.5, 512, 2048, 0.75)
INGESTION = IngestionStatus(queued=3, running=1, yielding=True, chunks_per_second=12.5)
STORAGE = StorageStatus(5, 600, 590, 7, 80, 1_000_000, 2_000_000, 3_000_000)


@dataclass
class FakeServer:
    """The server's own numbers; `asked` counts samples."""

    asked: int = 0
    fails: bool = False
    silent: tuple[str, ...] = ()
    "Why inference cannot be asked."
    gate: asyncio.Event | None = None
    "A sample waits for it."

    def workers(self) -> tuple[WorkerStatus, ...]:
        return (WorkerStatus(WorkerPurpose.VECTORS, WorkerState.BACKING_OFF, None, 1),)

    async def inference(self) -> tuple[tuple[InferenceStatus, ...], tuple[str, ...]]:
        return (INFERENCE,), self.silent

    def ingestion(self) -> IngestionStatus:
        return INGESTION

    async def storage(self) -> tuple[StorageStatus, tuple[str, ...]]:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise OSError("the database is gone")
        return STORAGE, ()


@asynccontextmanager
async def opened(server: FakeServer, folder: Path) -> AsyncIterator[Metrics]:
    sources = Sources(server.workers, server.inference, server.ingestion, server.storage)
    machine = Machine({"data": folder}, FakeNvml(), laptop_sensors)
    async with open_test_supervisor() as supervisor, open_metrics(supervisor, sources, machine, "0.1.0") as metrics:
        yield metrics


async def test_a_sample_has_the_machine_and_the_servers_own_numbers(tmp_path: Path) -> None:
    async with opened(FakeServer(), tmp_path) as metrics:
        sample = await metrics.sample()
    assert sample.seq == 1
    assert sample.sampled_at.tzinfo is not None
    assert sample.uptime_seconds > 0
    assert sample.host.version == "0.1.0"
    assert sample.host.os
    assert (sample.inference, sample.ingestion, sample.storage) == ((INFERENCE,), INGESTION, STORAGE)
    assert sample.unavailable == ("gpus: the NVIDIA driver shows no GPU",)


async def test_those_who_ask_at_the_same_moment_share_a_sample(tmp_path: Path) -> None:
    server = FakeServer()
    async with opened(server, tmp_path) as metrics:
        samples = await asyncio.gather(*(metrics.sample() for _ in range(50)))
    assert server.asked < 10
    assert samples[0].seq == 1


async def test_the_first_sample_comes_at_once_however_long_the_interval(tmp_path: Path) -> None:
    async with opened(FakeServer(), tmp_path) as metrics, metrics.watch(60_000) as samples:
        assert (await anext(samples)).seq == 1


async def test_watchers_get_their_own_rhythm_from_shared_samples(tmp_path: Path) -> None:
    server = FakeServer()
    async with opened(server, tmp_path) as metrics:

        async def watched(interval_ms: int, count: int) -> list[SystemSample]:
            async with metrics.watch(interval_ms) as samples:
                return [await anext(samples) for _ in range(count)]

        slow, *fast = await asyncio.gather(watched(500, 2), *(watched(1, 3) for _ in range(100)))
        assert metrics.watchers == 0
    for samples in (slow, *fast):
        numbers = [sample.seq for sample in samples]
        assert numbers == sorted(set(numbers))
    assert server.asked < 50


async def test_a_slow_reader_gets_the_newest(tmp_path: Path) -> None:
    async with opened(FakeServer(), tmp_path) as metrics, metrics.watch(250) as slow, metrics.watch(250) as quick:
        first = await anext(slow)
        last = first
        while last.seq < first.seq + 3:
            last = await anext(quick)
        assert (await anext(slow)).seq >= last.seq


async def test_it_sleeps_while_nobody_watches(tmp_path: Path) -> None:
    server = FakeServer()
    async with opened(server, tmp_path) as metrics:
        await asyncio.sleep(0.6)
        assert server.asked == 0
        async with metrics.watch(250) as samples:
            await anext(samples)
        asked = server.asked
        await asyncio.sleep(0.6)
        assert server.asked <= asked + 1


async def test_a_sample_that_fails_is_skipped_and_watching_goes_on(tmp_path: Path) -> None:
    server = FakeServer(fails=True)
    async with opened(server, tmp_path) as metrics, metrics.watch(250) as samples:
        while server.asked < 2:
            await asyncio.sleep(0.01)
        server.fails = False
        assert (await anext(samples)).storage == STORAGE


async def test_what_the_block_raises_comes_out_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with opened(FakeServer(), tmp_path):
            raise KeyError("mine")


async def test_what_cannot_be_asked_is_named_and_logged_once(tmp_path: Path) -> None:
    server = FakeServer(silent=("inference of alpha: it does not answer",))
    async with opened(server, tmp_path) as metrics, metrics.watch(250) as samples:
        with capture_logs() as lines:
            told = [(await anext(samples)).unavailable for _ in range(3)]
            server.silent = ()
            while (await anext(samples)).unavailable != told[0][:-1]:
                pass
            server.silent = ("inference of alpha: it does not answer",)
            while (await anext(samples)).unavailable != told[0]:
                pass
    assert told == [("gpus: the NVIDIA driver shows no GPU", "inference of alpha: it does not answer")] * 3
    reasons = [line["reason"] for line in lines if line["event"] == "not in the samples"]
    assert reasons == [told[0][0], told[0][1], told[0][1]] or reasons == [told[0][1], told[0][1]]


async def test_a_thousand_watchers_of_all_rhythms_are_served_by_the_samples_of_the_fastest(tmp_path: Path) -> None:
    server = FakeServer()
    async with opened(server, tmp_path) as metrics:

        async def watched(interval_ms: int, count: int) -> list[int]:
            async with metrics.watch(interval_ms) as samples:
                return [(await anext(samples)).seq for _ in range(count)]

        fastest = watched(250, 8)
        others = [watched(interval, 2) for interval in range(1, 1000)]
        seen, *rest = await asyncio.gather(fastest, *others)
        assert metrics.watchers == 0
    assert seen == sorted(set(seen))
    assert all(first < second for first, second in rest)
    # Whatever is due within TOGETHER shares a sample: 1,000 watchers can cause no more than so many a second.
    samples_a_second = 1 / TOGETHER
    assert server.asked <= samples_a_second * 4 + len(seen)


async def test_a_sample_that_took_long_is_not_given_twice(tmp_path: Path) -> None:
    server = FakeServer(gate=asyncio.Event())
    assert server.gate is not None
    async with opened(server, tmp_path) as metrics, metrics.watch(250) as samples:
        while not server.asked:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.6)  # two of its moments go by
        server.gate.set()
        numbers = [(await anext(samples)).seq for _ in range(3)]
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize(("due", "now", "following"), [(10.0, 10.0, 11.0), (10.0, 10.9, 11.0), (10.0, 13.5, 14.0)])
def test_moments_that_were_missed_stay_missed(due: float, now: float, following: float) -> None:
    watcher = _Watcher(1.0, due)
    watcher.advance(now)
    assert watcher.due == following


@pytest.mark.parametrize(("asked", "interval"), [(-5, 0.25), (0, 0.25), (249, 0.25), (1000, 1.0), (10**9, 60.0)])
async def test_an_interval_beyond_the_bounds_is_brought_within(tmp_path: Path, asked: int, interval: float) -> None:
    async with opened(FakeServer(), tmp_path) as metrics, metrics.watch(asked):
        (watcher,) = metrics._watchers
        assert watcher.interval == interval
