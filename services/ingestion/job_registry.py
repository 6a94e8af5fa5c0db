"""The registry of running jobs: at most one for each document. A job that was stopped has no effect afterwards."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from records.ids import DocumentId


@dataclass(slots=True)
class _Job:
    """A running job: the scope that cancels it, and the event that is set when it has ended."""

    scope: anyio.CancelScope
    ended: anyio.Event = field(default_factory=anyio.Event)


@dataclass(slots=True)
class _Reservation:
    """A reservation of a document, during which no job may start for it.

    The callers of `JobRegistry.stopped` for one document share it and lock it in turn. The last one removes it.
    """

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    users: int = 0


class JobRegistry:
    """Runs at most one job for each document."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """`on_change` is called when a document becomes free."""
        self._on_change = on_change
        self._jobs: dict[DocumentId, _Job] = {}
        self._reservations: dict[DocumentId, _Reservation] = {}

    @property
    def running(self) -> frozenset[DocumentId]:
        """The documents that jobs work on."""
        return frozenset(self._jobs)

    def is_taken(self, document_id: DocumentId) -> bool:
        """Return whether a job works on the document, or `stopped` has reserved it."""
        return document_id in self._reservations or document_id in self._jobs

    async def run(self, document_id: DocumentId, work: Callable[[], Awaitable[None]]) -> None:
        """Run a job for a document that is not taken. Return early if it is stopped."""
        assert not self.is_taken(document_id), "the queues return free documents only"
        with anyio.CancelScope() as scope:
            self._jobs[document_id] = job = _Job(scope)
            try:
                await work()
            finally:
                del self._jobs[document_id]
                job.ended.set()
                self._on_change()

    @asynccontextmanager
    async def stopped(self, document_id: DocumentId) -> AsyncIterator[None]:
        """Stop the job of a document, and prevent jobs for it while the block is open.

        A second caller for the same document waits until the block of the first one is closed.
        """
        reservation = self._reservations.setdefault(document_id, _Reservation())
        reservation.users += 1
        try:
            async with reservation.lock:
                job = self._jobs.get(document_id)
                if job is not None:
                    job.scope.cancel()
                    await job.ended.wait()
                yield
        finally:
            reservation.users -= 1
            if not reservation.users:
                del self._reservations[document_id]
                self._on_change()
