"""One sampler for however many watch; it sleeps while nobody does.

Watchers' moments are gathered: who is due within an eighth of a second gets the same sample, so the number of samples is
bounded whatever the number of watchers.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import structlog

from concurrency import Supervisor
from records.system import InferenceStatus, IngestionStatus, StorageStatus, SystemSample, WorkerStatus
from services.background import guarded
from services.metrics.machine.host import read_host
from services.metrics.machine.machine import Machine

SHORTEST_MS = 250
LONGEST_MS = 60_000
TOGETHER = 0.125
"Seconds: what is due within them shares a sample, and a sample so old is new enough."

STALE = 5.0
"Seconds after which percentages would tell more of the past than of now."
MOMENT = 0.1
"Seconds that percentages are counted over where the last sample is stale."

log = structlog.get_logger("graphlore.metrics")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the server's own numbers come from; those that ask processes say also what could not be asked, and why."""

    workers: Callable[[], Sequence[WorkerStatus]]
    inference: Callable[[], Awaitable[tuple[Sequence[InferenceStatus], tuple[str, ...]]]]
    ingestion: Callable[[], IngestionStatus]
    storage: Callable[[], Awaitable[tuple[StorageStatus, tuple[str, ...]]]]


class _Watcher:
    """One place for a sample: what is newest replaces what was not read yet."""

    def __init__(self, interval: float, due: float) -> None:
        self.interval = interval
        self.due = due
        self._newest: SystemSample | None = None
        self._news = asyncio.Event()

    def put(self, sample: SystemSample) -> None:
        """The same sample again is no news."""
        if sample is not self._newest:
            self._newest = sample
            self._news.set()

    def advance(self, now: float) -> None:
        """To the next moment of its rhythm; moments that were missed stay missed."""
        missed = max(0.0, (now - self.due) // self.interval)
        self.due += (missed + 1) * self.interval

    async def read(self) -> AsyncIterator[SystemSample]:
        while True:
            await self._news.wait()
            self._news.clear()
            assert self._newest is not None
            yield self._newest


class Metrics:
    """Made by `open_metrics`."""

    def __init__(self, sources: Sources, machine: Machine, version: str) -> None:
        self._sources = sources
        self._machine = machine
        self._host = read_host(version)
        self._began = monotonic()
        self._taking = asyncio.Lock()
        self._last: SystemSample | None = None
        self._taken_at = float("-inf")
        self._told: set[str] = set()
        self._watchers: set[_Watcher] = set()
        self._changed = asyncio.Event()

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    async def sample(self) -> SystemSample:
        """One of now, or what another asker got this very moment."""
        async with self._taking:
            if self._last is None or monotonic() - self._taken_at > TOGETHER:
                self._last = await self._take()
                self._taken_at = monotonic()
            return self._last

    @asynccontextmanager
    async def watch(self, interval_ms: int) -> AsyncIterator[AsyncIterator[SystemSample]]:
        """The first sample comes at once, then one each interval of 250 to 60,000 ms; a slow reader gets the newest."""
        interval = min(max(interval_ms, SHORTEST_MS), LONGEST_MS) / 1000
        watcher = _Watcher(interval, due=monotonic())
        self._watchers.add(watcher)
        self._changed.set()
        try:
            yield watcher.read()
        finally:
            self._watchers.discard(watcher)

    async def run(self) -> None:
        """Serve the watchers, for as long as this runs."""
        while True:
            await self._rest()
            await guarded(self._serve, "a sample of the system")

    async def _rest(self) -> None:
        """Until someone is due."""
        self._changed.clear()
        while (wait := self._wait()) is None or wait > 0:
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                return
            self._changed.clear()

    def _wait(self) -> float | None:
        """Seconds until someone is due; None while nobody watches."""
        return (
            min((watcher.due for watcher in self._watchers), default=float("inf")) - monotonic()
            if self._watchers
            else None
        )

    async def _serve(self) -> None:
        now = monotonic()
        due = [watcher for watcher in self._watchers if watcher.due <= now + TOGETHER]
        for watcher in due:
            watcher.advance(now)
        sample = await self.sample()
        for watcher in due:
            watcher.put(sample)

    async def _take(self) -> SystemSample:
        if monotonic() - self._taken_at > STALE:
            await asyncio.to_thread(self._machine.begin, self._sources.workers())
            await asyncio.sleep(MOMENT)
        machine = await asyncio.to_thread(self._machine.read, self._sources.workers())
        inference, not_asked = await self._sources.inference()
        storage, not_counted = await self._sources.storage()
        unavailable = (*machine.unavailable, *not_asked, *not_counted)
        self._tell(unavailable)
        return SystemSample(
            seq=1 if self._last is None else self._last.seq + 1,
            sampled_at=datetime.now(UTC),
            uptime_seconds=monotonic() - self._began,
            host=self._host,
            cpu=machine.cpu,
            memory=machine.memory,
            disks=machine.disks,
            gpus=machine.gpus,
            temperatures=machine.temperatures,
            process=machine.process,
            inference=tuple(inference),
            ingestion=self._sources.ingestion(),
            storage=storage,
            unavailable=unavailable,
        )

    def _tell(self, unavailable: Sequence[str]) -> None:
        """Once, however many samples lack it; again where it was there in between."""
        for reason in unavailable:
            if reason not in self._told:
                log.info("not in the samples", reason=reason)
        self._told = set(unavailable)


@asynccontextmanager
async def open_metrics(
    supervisor: Supervisor, sources: Sources, machine: Machine, version: str
) -> AsyncIterator[Metrics]:
    """Own the sampler. `version` is Graphlore's own."""
    metrics = Metrics(sources, machine, version)
    try:
        async with supervisor.running("metrics", metrics.run):
            yield metrics
    finally:
        machine.close()
