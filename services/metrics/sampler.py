"""The sampler: reads the machine and the server once for all subscribers, and not at all while there is none.

Subscribers that are due within an eighth of a second share a sample. The number of samples is therefore limited, whatever
the number of subscribers.
"""

import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import anyio
import structlog

from concurrency import OwnedTasks, Signal, Supervisor, open_owned_tasks, run_unit
from records.system import InferenceStatus, IngestionStatus, StorageStatus, SystemSample, WorkerStatus
from services.metrics.machine.host import read_host
from services.metrics.machine.machine import Machine

MIN_INTERVAL_MS = 250
MAX_INTERVAL_MS = 60_000
SHARED_SECONDS = 0.125
"""Subscribers that are due within this time share a sample. A request also gets an existing sample of at most this age."""
STALE_SECONDS = 5.0
"""Usage is measured since the previous sample. If that sample is older than this, a new measurement is started."""
BASELINE_SECONDS = 0.1
"""Time over which usage is measured if there is no recent sample."""

log = structlog.get_logger("graphlore.metrics")


@dataclass(frozen=True, slots=True)
class Sources:
    """Functions that return the server's own numbers. Two of them also return reasons for values that are missing."""

    workers: Callable[[], Sequence[WorkerStatus]]
    inference: Callable[[], Awaitable[tuple[Sequence[InferenceStatus], tuple[str, ...]]]]
    ingestion: Callable[[], IngestionStatus]
    storage: Callable[[], Awaitable[tuple[StorageStatus, tuple[str, ...]]]]


class Subscription:
    """A subscriber: its interval in seconds, the time at which its next sample is due, and the newest unread sample."""

    def __init__(self, interval: float, due: float) -> None:
        self.interval = interval
        self.due = due
        self._newest: SystemSample | None = None
        self._updated = Signal()

    def publish(self, sample: SystemSample) -> None:
        """Replace the unread sample. A sample that was published before is ignored."""
        if sample is not self._newest:
            self._newest = sample
            self._updated.set()

    def advance(self, now: float) -> None:
        """Move `due` to the next multiple of the interval after `now`. Missed samples are not made up for."""
        missed = max(0.0, (now - self.due) // self.interval)
        self.due += (missed + 1) * self.interval

    async def samples(self) -> AsyncGenerator[SystemSample, None]:
        while True:
            await self._updated.wait()
            self._updated.clear()
            assert self._newest is not None
            yield self._newest


class Metrics:
    """Takes samples on request and for subscribers. Created by `open_metrics`."""

    def __init__(self, sources: Sources, machine: Machine, version: str, tasks: OwnedTasks) -> None:
        self._sources = sources
        self._machine = machine
        self._host = read_host(version)
        self._tasks = tasks
        self._started_at = monotonic()
        self._lock = anyio.Lock()
        self._last: SystemSample | None = None
        self._last_at = -math.inf
        self._logged: set[str] = set()
        self._subscriptions: set[Subscription] = set()
        self._subscribed = Signal()

    @property
    def watchers(self) -> int:
        return len(self._subscriptions)

    async def sample(self) -> SystemSample:
        """Return a sample that is at most an eighth of a second old.

        A sample is taken to its end even if the caller is canceled: others may wait for the same one, and a thread that
        reads the machine cannot be interrupted. Raises what a source of the sample raises.
        """
        return await self._tasks.complete(self._shared_sample, "system sample")

    async def _shared_sample(self) -> SystemSample:
        async with self._lock:
            if self._last is None or monotonic() - self._last_at > SHARED_SECONDS:
                self._last = await self._take_sample()
                self._last_at = monotonic()
            return self._last

    @asynccontextmanager
    async def watch_samples(self, interval_ms: int) -> AsyncIterator[AsyncGenerator[SystemSample, None]]:
        """Subscribe: the first sample is published at once, then one at each interval of 250 to 60,000 ms.

        An interval outside of these bounds is set to the nearer one. A slow subscriber gets the newest sample.
        """
        interval = min(max(interval_ms, MIN_INTERVAL_MS), MAX_INTERVAL_MS) / 1000
        subscription = Subscription(interval, due=monotonic())
        self._subscriptions.add(subscription)
        self._subscribed.set()
        try:
            yield subscription.samples()
        finally:
            self._subscriptions.discard(subscription)

    async def run(self) -> None:
        """Take samples for the subscribers until canceled."""
        while True:
            await self._wait_until_due()
            await run_unit(self._serve, "system sample for subscribers")

    async def _wait_until_due(self) -> None:
        while (seconds := self._seconds_until_due()) > 0:
            with anyio.move_on_after(seconds):
                await self._subscribed.wait()
            self._subscribed.clear()

    def _seconds_until_due(self) -> float:
        """Return the seconds until the next subscriber is due; infinity without subscribers."""
        return min((each.due for each in self._subscriptions), default=math.inf) - monotonic()

    async def _serve(self) -> None:
        now = monotonic()
        due = [each for each in self._subscriptions if each.due <= now + SHARED_SECONDS]
        for subscription in due:
            subscription.advance(now)
        sample = await self._shared_sample()
        for subscription in due:
            subscription.publish(sample)

    async def _take_sample(self) -> SystemSample:
        if monotonic() - self._last_at > STALE_SECONDS:
            await anyio.to_thread.run_sync(self._machine.reset, self._sources.workers())
            await anyio.sleep(BASELINE_SECONDS)
        machine = await anyio.to_thread.run_sync(self._machine.read, self._sources.workers())
        inference, inference_reasons = await self._sources.inference()
        storage, storage_reasons = await self._sources.storage()
        unavailable = (*machine.unavailable, *inference_reasons, *storage_reasons)
        self._log_new(unavailable)
        return SystemSample(
            seq=1 if self._last is None else self._last.seq + 1,
            sampled_at=datetime.now(UTC),
            uptime_seconds=monotonic() - self._started_at,
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

    def _log_new(self, unavailable: Sequence[str]) -> None:
        """Log each reason when it appears. A reason that disappears and appears again is logged again."""
        for reason in unavailable:
            if reason not in self._logged:
                log.info("metric unavailable", reason=reason)
        self._logged = set(unavailable)


@asynccontextmanager
async def open_metrics(
    supervisor: Supervisor, sources: Sources, machine: Machine, version: str
) -> AsyncIterator[Metrics]:
    """Run the sampler while the block is open. `version` is the version of Graphlore; `machine` is closed at the end."""
    try:
        async with open_owned_tasks(supervisor, "requested samples") as tasks:
            metrics = Metrics(sources, machine, version, tasks)
            async with supervisor.running("sampler", metrics.run):
                yield metrics
    finally:
        machine.close()
