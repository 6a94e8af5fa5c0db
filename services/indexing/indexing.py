"""The owner of background indexing: waits for an idle machine or a person's word, works, and gives way at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import Enum, auto

import anyio
import structlog

from concurrency import Supervisor
from records.errors import Conflict, ExpectedError
from records.events import Change, ChangeKind
from records.indexing import IndexCounts, IndexingState, IndexingStatus
from services.background import guarded
from services.broadcast import Broadcast
from services.indexing.clock import Clock, SystemClock
from services.indexing.deep_index import DeepIndex
from services.indexing.idleness import Idleness, ReadsLoad
from services.indexing.indexing_settings import IndexingSettings

LOOK_SECONDS = 5.0
"""How often the machine is looked at while there is something to wait for."""
TELL_SECONDS = 1.0
"""Progress is told no more often; changes of state are told at once."""
MOST_REASON = 200
NOT_SET = "No deep embedder is set."

log = structlog.get_logger("graphlore.indexing")


class _Wish(Enum):
    """What a person asked for last."""

    AT_IDLE = auto()
    NOW = auto()
    STOPPED = auto()


class Indexing:
    """Without a `generation` it only says so: `name` is what was set, `error` why it is of no use."""

    def __init__(
        self,
        generation: DeepIndex | None,
        settings: IndexingSettings,
        machine: ReadsLoad,
        answers_running: Callable[[], int],
        ingestion_running: Callable[[], int],
        news: asyncio.Event,
        *,
        name: str | None = None,
        error: str | None = None,
        pace: Clock | None = None,
    ) -> None:
        """`news` is set by whoever begins what goes first, such as an answer."""
        self._generation = generation
        self._settings = settings
        self._machine = machine
        self._answers_running = answers_running
        self._ingestion_running = ingestion_running
        self._news = news
        self._name = name
        self._error = error
        self._pace = pace or SystemClock()
        self._idleness = Idleness(settings, self._pace.now())
        self._state = IndexingState.IDLE if error is None else IndexingState.FAILED
        self._wish = _Wish.AT_IDLE
        self._counts = IndexCounts()
        self._embedded = 0
        self._started_at: datetime | None = None
        self._told_at = float("-inf")
        self._changed = asyncio.Event()
        self._changes: Broadcast[IndexingStatus] = Broadcast()

    @property
    def watchers(self) -> int:
        return self._changes.watchers

    @property
    def has_deep_embedder(self) -> bool:
        """Return whether there is anything to index with; without it `run` has nothing to do."""
        return self._generation is not None

    @property
    def latest(self) -> IndexingStatus:
        """As of the last look, some seconds ago at most: nothing is asked for it."""
        return self._status()

    async def status(self) -> IndexingStatus:
        await self._count()
        return self._status()

    async def start(self, now: bool) -> IndexingStatus:
        """Begin at once (`now`), or wait for an idle machine again. Raises `Conflict` where that cannot be."""
        if self._generation is None:
            raise Conflict(self._error or NOT_SET)
        if self._state in (IndexingState.RUNNING, IndexingState.STOPPING):
            raise Conflict(f"Indexing is {self._state.value} already.")
        self._error = None
        self._generation.embedder.reset()
        await self._count()
        self._wish = _Wish.NOW if now and self._counts.pending_chunks else _Wish.AT_IDLE
        self._become(self._resting_state())
        self._news.set()
        if now:
            await self._until(lambda: self._state is not IndexingState.WAITING_FOR_IDLE or self._answers_running() > 0)
        return self._status()

    async def stop(self, reason: str | None) -> IndexingStatus:
        """Stop at once, until someone starts it again. Raises `Conflict` where nothing is being done or waited for."""
        if self._state in (IndexingState.IDLE, IndexingState.FAILED):
            raise Conflict(f"There is nothing to stop: indexing is {self._state.value}.")
        log.info("indexing stopped", reason=reason and reason[:MOST_REASON])
        self._wish = _Wish.STOPPED
        if self._state is IndexingState.WAITING_FOR_IDLE:
            self._become(IndexingState.IDLE)
        self._news.set()
        await self._until(lambda: self._state not in (IndexingState.RUNNING, IndexingState.STOPPING))
        return await self.status()

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[IndexingStatus]]:
        """What it is at now, then every change; a slow reader gets the newest."""
        async with self._changes.watch() as live:
            yield _now_and_then(await self.status(), live)

    def close(self) -> None:
        self._machine.close()

    async def run(self) -> None:
        """For as long as the server runs."""
        generation = self._generation
        while generation is not None:
            if not await guarded(lambda: self._round(generation), "indexing", self._fail):
                await self._pace.rest(self._news, LOOK_SECONDS)

    async def _round(self, generation: DeepIndex) -> None:
        """Look, and work or rest."""
        await self._look()
        if self._state is IndexingState.IDLE and not self._counts.pending_chunks:
            await generation.erase_former()
        if self._may_begin():
            await self._work(generation)
        else:
            await self._pace.rest(self._news, LOOK_SECONDS)

    async def _look(self) -> None:
        await self._count()
        await self._measure()
        if self._state is not IndexingState.FAILED:
            self._become(self._resting_state())

    async def _measure(self) -> None:
        load = await asyncio.to_thread(self._machine.read)
        occupied = self._answers_running() > 0 or self._ingestion_running() > 0
        self._idleness.note(load, occupied, self._pace.now())

    def _resting_state(self) -> IndexingState:
        if self._counts.pending_chunks and self._wish is not _Wish.STOPPED:
            return IndexingState.WAITING_FOR_IDLE
        return IndexingState.IDLE

    def _may_begin(self) -> bool:
        if self._state is not IndexingState.WAITING_FOR_IDLE or self._answers_running():
            return False
        return self._wish is _Wish.NOW or self._idleness.is_reached

    async def _work(self, generation: DeepIndex) -> None:
        self._started_at = datetime.now(UTC)
        self._become(IndexingState.RUNNING)
        log.info("indexing", pending_chunks=self._counts.pending_chunks)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._give_way, generation, tasks.cancel_scope)
                await self._advance(generation)
                tasks.cancel_scope.cancel()
        except* ExpectedError as failures:
            await self._fail(_message(failures))
        finally:
            self._started_at = None
        if self._state is not IndexingState.FAILED:
            await self._count()
            self._become(self._resting_state())

    async def _advance(self, generation: DeepIndex) -> None:
        while embedded := await generation.advance():
            self._embedded += embedded
            await self._count()
            if self._pace.now() - self._told_at >= TELL_SECONDS:
                self._tell()
        if self._wish is _Wish.NOW:
            self._wish = _Wish.AT_IDLE
        await generation.erase_former()
        log.info("indexed", chunks=self._counts.done_chunks)

    async def _give_way(self, generation: DeepIndex, work: anyio.CancelScope) -> None:
        """Wait for the first reason to stop, and end the work by force."""
        while self._may_go_on():
            await self._pace.rest(self._news, LOOK_SECONDS)
            if self._may_go_on():
                await self._measure()
        self._become(IndexingState.STOPPING)
        work.cancel()
        with anyio.CancelScope(shield=True):
            await generation.embedder.halt()

    def _may_go_on(self) -> bool:
        if self._wish is _Wish.STOPPED or self._answers_running():
            return False
        return self._wish is _Wish.NOW or self._idleness.is_idle

    async def _fail(self, message: str) -> None:
        log.warning("indexing failed")
        self._error = message
        self._become(IndexingState.FAILED)

    async def _count(self) -> None:
        if self._generation is not None:
            self._counts = await self._generation.vectors.counts()

    def _become(self, state: IndexingState) -> None:
        """Also tells how long the machine has been idle, while that is waited for."""
        is_news = state is not self._state or state is IndexingState.WAITING_FOR_IDLE
        self._state = state
        if is_news:
            self._tell()
        self._changed.set()
        self._changed = asyncio.Event()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._changed.wait()

    def _tell(self) -> None:
        self._told_at = self._pace.now()
        self._changes.publish(Change(ChangeKind.UPDATED, "indexing", self._status()))

    def _status(self) -> IndexingStatus:
        return IndexingStatus(
            state=self._state,
            deep_embedder=self._name,
            pending_documents=self._counts.pending_documents,
            pending_chunks=self._counts.pending_chunks,
            done_chunks=self._counts.done_chunks,
            done_documents=self._counts.done_documents,
            embedded_chunks=self._embedded,
            idle_seconds=self._idleness.seconds,
            idle_threshold_seconds=self._settings.idle_threshold_seconds,
            gpu_utilization_percent=self._idleness.gpu_percent,
            started_at=self._started_at,
            error=self._error,
        )


async def _now_and_then(
    now: IndexingStatus, live: AsyncIterator[Change[IndexingStatus]]
) -> AsyncIterator[IndexingStatus]:
    yield now
    async for change in live:
        if change.noun is not None:
            yield change.noun


def _message(failures: BaseExceptionGroup[ExpectedError]) -> str:
    first = failures.exceptions[0]
    return first.message if isinstance(first, ExpectedError) else _message(first)


@asynccontextmanager
async def open_indexing(supervisor: Supervisor, indexing: Indexing) -> AsyncIterator[Indexing]:
    """It works while this block is open."""
    try:
        if indexing.has_deep_embedder:
            async with supervisor.running("deep indexing", indexing.run):
                yield indexing
        else:
            yield indexing
    finally:
        indexing.close()
