"""The queue of one stage of ingestion: the documents that wait for it, served in turns.

The queue is a copy of rows in the database, which is read before each job, so that nothing is lost by a crash. Between two
reads, published changes update the copy.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio

from concurrency import Signal
from records.document import DocumentRecord, DocumentStatus
from records.events import Change
from records.ids import DocumentId
from services.attempt import attempt
from services.ingestion.job_registry import JobRegistry

RETRY_SECONDS = 1.0
"""Pause after a failed read of the database."""
REFRESH_SECONDS = 30.0
"""Longest time between two reads: a change that was stored but not published is found at the next one."""


class StageQueue:
    """Documents that wait for a stage, least recently served first: a new one waits for one job, not for a full round."""

    def __init__(
        self,
        name: str,
        statuses: Sequence[DocumentStatus],
        load: Callable[[], Awaitable[Sequence[tuple[DocumentId, int]]]],
        jobs: JobRegistry,
        accepts: Callable[[int], bool] = lambda byte_size: True,
    ) -> None:
        """`load` reads ids and sizes in bytes of documents in `statuses`; `accepts` selects those of this queue by size."""
        self.name = name
        self.statuses = frozenset(statuses)
        self._load = load
        self._jobs = jobs
        self._accepts = accepts
        self._waiting: dict[DocumentId, int] = {}
        self._observed: dict[DocumentId, DocumentRecord | None] | None = None
        "Changes that were published during a read of the database, whose result may lack them. None between two reads."
        self._turns: dict[DocumentId, int] = {}
        self._turn = 0
        self._woken = Signal()

    @property
    def waiting(self) -> Mapping[DocumentId, int]:
        """Sizes in bytes of the documents in this queue, by id, including documents that a job works on."""
        return self._waiting

    def wake(self) -> None:
        """Read the database again: a document may have arrived or become free."""
        self._woken.set()

    def observe(self, change: Change[DocumentRecord]) -> None:
        """Update the queue after a published change of a document."""
        assert isinstance(change.key, int)
        document_id = DocumentId(change.key)
        if self._observed is not None:
            self._observed[document_id] = change.record
        if self._apply(document_id, change.record):
            self.wake()

    def _apply(self, document_id: DocumentId, document: DocumentRecord | None) -> bool:
        """Add or remove a document, and return whether it is new in this queue."""
        if document is None or document.status not in self.statuses or not self._accepts(document.byte_size):
            self._waiting.pop(document_id, None)
            return False
        is_new = document_id not in self._waiting
        self._waiting[document_id] = document.byte_size
        return is_new

    async def next(self) -> DocumentId:
        """Return the next document that is not taken; wait while there is none.

        A failed read of the database is logged and repeated.
        """
        while True:
            self._woken.clear()
            if not await self._refresh():
                await anyio.sleep(RETRY_SECONDS)
                continue
            free = [document_id for document_id in self._waiting if not self._jobs.is_taken(document_id)]
            if free:
                return self._serve(min(free, key=self._last_turn))
            with anyio.move_on_after(REFRESH_SECONDS):
                await self._woken.wait()

    def _last_turn(self, document_id: DocumentId) -> int:
        return self._turns.get(document_id, 0)

    def _serve(self, document_id: DocumentId) -> DocumentId:
        self._turn += 1
        self._turns = {each: self._last_turn(each) for each in self._waiting}
        self._turns[document_id] = self._turn
        return document_id

    async def _refresh(self) -> bool:
        """Read the database, and return whether it could be read."""
        found: list[tuple[DocumentId, int]] = []

        async def read() -> None:
            found.extend(await self._load())

        observed = self._observed = {}
        try:
            if not await attempt(read, f"reading the queue: {self.name}"):
                return False
        finally:
            self._observed = None
        self._waiting = {document_id: byte_size for document_id, byte_size in found if self._accepts(byte_size)}
        for document_id, document in observed.items():
            self._apply(document_id, document)
        return True
