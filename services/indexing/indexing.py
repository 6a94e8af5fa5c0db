"""Background indexing: starts when the machine is idle or a user requests it, and stops at once for an answer."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto

import anyio
import structlog

from concurrency import Signal, Supervisor, open_task_group, run_unit
from records.errors import Conflict, ExpectedError
from records.indexing import IndexingState, IndexingStatus
from services.indexing.clock import Clock, SystemClock
from services.indexing.deep_index import DeepIndex
from services.indexing.idleness import Idleness, IndexingSettings, LoadMeter
from services.indexing.progress import IndexingProgress

MEASURE_SECONDS = 5.0
"""Interval at which the machine's load and the pending chunks are read."""
MAX_REASON_LENGTH = 200
"""Maximum number of characters of a user's reason to stop that are logged."""
NOT_CONFIGURED = "No deep embedder is configured."

ACTIVE = (IndexingState.RUNNING, IndexingState.STOPPING)

log = structlog.get_logger("graphlore.indexing")


@dataclass(frozen=True, slots=True)
class ConfiguredEmbedder:
    """The deep embedder of the settings. `index` is None if none is configured or it cannot be used."""

    name: str | None = None
    "None if no deep embedder is configured."
    error: str | None = None
    "Reason why the configured embedder cannot be used."
    index: DeepIndex | None = None


@dataclass(frozen=True, slots=True)
class ServerActivity:
    """Work of the server that has priority over indexing."""

    answers: Callable[[], int]
    "Returns the number of answers that are queued or generated. Indexing stops at once for them."
    ingestion: Callable[[], int]
    "Returns the number of documents that are queued or ingested. Indexing does not start by itself meanwhile."
    changed: Signal
    "Set by other components when an answer is accepted."


class _Trigger(Enum):
    """The last request of a user."""

    WHEN_IDLE = auto()
    IMMEDIATELY = auto()
    STOPPED = auto()


class Indexing:
    """Owner of background indexing. Opened by `open_indexing`."""

    def __init__(
        self,
        embedder: ConfiguredEmbedder,
        settings: IndexingSettings,
        load_meter: LoadMeter,
        activity: ServerActivity,
        clock: Clock | None = None,
    ) -> None:
        self._index = embedder.index
        self._load_meter = load_meter
        self._activity = activity
        self._clock = clock or SystemClock()
        self._idleness = Idleness(settings, self._clock.now())
        self._progress = IndexingProgress(embedder.name, embedder.error, settings, self._idleness, self._clock)
        self._trigger = _Trigger.WHEN_IDLE

    @property
    def watchers(self) -> int:
        return self._progress.watchers

    @property
    def is_configured(self) -> bool:
        """True if a usable deep embedder is configured. Otherwise, `run` must not be called."""
        return self._index is not None

    @property
    def latest(self) -> IndexingStatus:
        """The last status, which is some seconds old at most. It is returned without reading the database."""
        return self._progress.status

    async def status(self) -> IndexingStatus:
        """Return the status with current counts from the database."""
        await self._count()
        return self._progress.status

    async def start_indexing(self, now: bool) -> IndexingStatus:
        """Start at once (`now`), or wait for an idle machine again. Resets a failure.

        Raises `Conflict` if no deep embedder is configured, or if indexing is running already.
        """
        if self._index is None:
            raise Conflict(self._progress.error or NOT_CONFIGURED)
        await self._count()
        if self._progress.state in ACTIVE:
            raise Conflict(f"Indexing is already {self._progress.state.value}.")
        self._progress.error = None
        self._index.embedder.reset()
        is_immediate = now and self._progress.counts.pending_chunks > 0
        self._trigger = _Trigger.IMMEDIATELY if is_immediate else _Trigger.WHEN_IDLE
        self._progress.set_state(self._waiting_state())
        self._activity.changed.set()
        if now:
            await self._progress.wait_until(self._has_reacted_to_start)
        return self._progress.status

    def _has_reacted_to_start(self) -> bool:
        return self._progress.state is not IndexingState.WAITING_FOR_IDLE or self._activity.answers() > 0

    async def stop_indexing(self, reason: str | None) -> IndexingStatus:
        """Stop at once and stay stopped until `start_indexing`. `reason` is logged.

        Raises `Conflict` if indexing neither runs nor waits.
        """
        if self._progress.state in (IndexingState.IDLE, IndexingState.FAILED):
            raise Conflict(f"There is nothing to stop: indexing is {self._progress.state.value}.")
        log.info("indexing stopped by user", reason=reason and reason[:MAX_REASON_LENGTH])
        self._trigger = _Trigger.STOPPED
        if self._progress.state is IndexingState.WAITING_FOR_IDLE:
            self._progress.set_state(IndexingState.IDLE)
        self._activity.changed.set()
        await self._progress.wait_until(lambda: self._progress.state not in ACTIVE)
        return await self.status()

    @asynccontextmanager
    async def watch_indexing(self) -> AsyncIterator[AsyncGenerator[IndexingStatus, None]]:
        """Subscribe to the current status and every change of it. A slow subscriber gets the newest status."""
        await self._count()
        async with self._progress.watch() as statuses:
            yield statuses

    def close(self) -> None:
        self._load_meter.close()

    async def run(self) -> None:
        """Run until canceled. A round that fails sets the state FAILED; the loop continues."""
        while True:
            await run_unit(self._run_round, "indexing", self._fail)
            await self._clock.wait(self._activity.changed, MEASURE_SECONDS)

    async def _run_round(self) -> None:
        """Index if the machine is idle or a user asked for it."""
        assert self._index is not None
        try:
            await self._count()
            await self._measure()
            if self._progress.state is not IndexingState.FAILED:
                self._progress.set_state(self._waiting_state())
            if self._progress.state is IndexingState.IDLE and not self._progress.counts.pending_chunks:
                await self._index.erase_former()
            if self._may_start():
                await self._index_until_interrupted(self._index)
        except ExpectedError as failure:
            await self._fail(failure.message)

    async def _measure(self) -> None:
        load = await anyio.to_thread.run_sync(self._load_meter.read)
        is_server_busy = self._activity.answers() > 0 or self._activity.ingestion() > 0
        self._idleness.observe(load, is_server_busy, self._clock.now())

    async def _count(self) -> None:
        if self._index is not None:
            self._progress.counts = await self._index.vectors.counts()

    def _waiting_state(self) -> IndexingState:
        if self._progress.counts.pending_chunks and self._trigger is not _Trigger.STOPPED:
            return IndexingState.WAITING_FOR_IDLE
        return IndexingState.IDLE

    def _may_start(self) -> bool:
        if self._progress.state is not IndexingState.WAITING_FOR_IDLE or self._activity.answers():
            return False
        return self._trigger is _Trigger.IMMEDIATELY or self._idleness.is_reached

    def _may_continue(self) -> bool:
        if self._trigger is _Trigger.STOPPED or self._activity.answers():
            return False
        return self._trigger is _Trigger.IMMEDIATELY or self._idleness.is_idle

    async def _index_until_interrupted(self, index: DeepIndex) -> None:
        self._progress.set_state(IndexingState.RUNNING)
        log.info("indexing started", pending_chunks=self._progress.counts.pending_chunks)
        async with open_task_group() as tasks:
            tasks.start_soon(self._interrupt, index, tasks.cancel_scope)
            await self._index_all(index)
        await self._measure()  # An answer that interrupted is activity, even if it has ended by the next round.
        await self._count()
        self._progress.set_state(self._waiting_state())

    async def _index_all(self, index: DeepIndex) -> None:
        while embedded := await index.advance():
            await self._count()
            self._progress.add_embedded(embedded)
        if self._trigger is _Trigger.IMMEDIATELY:
            self._trigger = _Trigger.WHEN_IDLE
        await index.erase_former()
        log.info("indexing finished", chunks=self._progress.counts.done_chunks)

    async def _interrupt(self, index: DeepIndex, work: anyio.CancelScope) -> None:
        """Wait for the first reason to stop, then cancel the work and end the embedder's process."""
        while self._may_continue():
            await self._clock.wait(self._activity.changed, MEASURE_SECONDS)
            if self._may_continue():
                await self._measure()
        self._progress.set_state(IndexingState.STOPPING)
        work.cancel()
        with anyio.CancelScope(shield=True):
            await index.embedder.halt()

    async def _fail(self, message: str) -> None:
        log.warning("indexing failed", reason=message)
        self._progress.error = message
        self._progress.set_state(IndexingState.FAILED)


@asynccontextmanager
async def open_indexing(supervisor: Supervisor, indexing: Indexing) -> AsyncIterator[Indexing]:
    """Index in the background while the block is open. Without a deep embedder, only the status can be read."""
    try:
        if indexing.is_configured:
            async with supervisor.running("deep indexing", indexing.run):
                yield indexing
        else:
            yield indexing
    finally:
        indexing.close()
