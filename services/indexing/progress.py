"""State and progress of background indexing, published to subscribers."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

from concurrency import Signal
from records.events import Change, ChangeKind
from records.indexing import IndexCounts, IndexingState, IndexingStatus
from services.broadcast import Broadcast
from services.indexing.clock import Clock
from services.indexing.idleness import Idleness, IndexingSettings

PUBLISH_SECONDS = 1.0
"""Shortest interval between two progress events. A change of state is published at once."""


class IndexingProgress:
    """The state, the counts and the error of indexing.

    `name` is the name of the deep embedder; `error` states why it cannot be used.
    """

    def __init__(
        self, name: str | None, error: str | None, settings: IndexingSettings, idleness: Idleness, clock: Clock
    ) -> None:
        self._name = name
        self._settings = settings
        self._idleness = idleness
        self._clock = clock
        self._published_at = float("-inf")
        self._started_at: datetime | None = None
        self._embedded = 0
        self._state_changed = Signal()
        self._changes: Broadcast[IndexingStatus] = Broadcast()
        self.state = IndexingState.IDLE if error is None else IndexingState.FAILED
        self.error = error
        self.counts = IndexCounts()

    @property
    def watchers(self) -> int:
        return self._changes.watchers

    @property
    def status(self) -> IndexingStatus:
        return IndexingStatus(
            state=self.state,
            deep_embedder=self._name,
            pending_documents=self.counts.pending_documents,
            pending_chunks=self.counts.pending_chunks,
            done_chunks=self.counts.done_chunks,
            done_documents=self.counts.done_documents,
            embedded_chunks=self._embedded,
            idle_seconds=self._idleness.seconds,
            idle_threshold_seconds=self._settings.idle_threshold_seconds,
            gpu_utilization_percent=self._idleness.gpu_percent,
            started_at=self._started_at,
            error=self.error,
        )

    def set_state(self, state: IndexingState) -> None:
        """Set the state and publish a change. While waiting, each call publishes how long the machine has been idle."""
        is_event = state is not self.state or state is IndexingState.WAITING_FOR_IDLE
        if state is not self.state:
            self._started_at = datetime.now(UTC) if state is IndexingState.RUNNING else None
        self.state = state
        if is_event:
            self._publish()
        self._state_changed.pulse()

    def add_embedded(self, chunks: int) -> None:
        """Add newly embedded chunks, and publish the progress unless that was done within the last second."""
        self._embedded += chunks
        if self._clock.now() - self._published_at >= PUBLISH_SECONDS:
            self._publish()

    def _publish(self) -> None:
        self._published_at = self._clock.now()
        self._changes.publish(Change(ChangeKind.UPDATED, "indexing", self.status))

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return when `condition` is true. It is evaluated now and after each change of state."""
        await self._state_changed.wait_until(condition)

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncGenerator[IndexingStatus, None]]:
        """Subscribe to the current status and every change of it."""
        async with self._changes.watch() as live:
            yield _status_stream(self.status, live)


async def _status_stream(
    current: IndexingStatus, live: AsyncGenerator[Change[IndexingStatus], None]
) -> AsyncGenerator[IndexingStatus, None]:
    yield current
    async with aclosing(live):
        async for change in live:
            if change.record is not None:
                yield change.record
