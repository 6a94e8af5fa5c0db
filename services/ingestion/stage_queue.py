"""Documents that wait for one stage of ingestion, served in turns, so that a large one does not hold up the small ones."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from records.document import DocumentStatus
from records.ids import DocumentId
from services.ingestion.job_registry import JobRegistry


class StageQueue:
    """Who was served longest ago comes next: a document that has just come waits for one piece of work, not for a round."""

    def __init__(
        self,
        waiting: Callable[[], Awaitable[Sequence[tuple[DocumentId, int]]]],
        jobs: JobRegistry,
        statuses: Sequence[DocumentStatus],
        takes: Callable[[int], bool] = lambda byte_size: True,
    ) -> None:
        """`waiting` gives ids and sizes in bytes; `takes` says by its size whether a document stands in this line."""
        self._waiting = waiting
        self._jobs = jobs
        self._takes = takes
        self._news = asyncio.Event()
        self._served: dict[DocumentId, int] = {}
        self._turn = 0
        self.statuses = statuses
        self.waiting = 0

    def tell(self) -> None:
        """There may be someone new, or someone free again."""
        self._news.set()

    async def next(self) -> DocumentId:
        """Latency until somebody does."""
        while True:
            self._news.clear()
            found = await self._waiting()
            line = [document_id for document_id, byte_size in found if self._takes(byte_size)]
            self.waiting = len(line)
            self._served = {document_id: self._served.get(document_id, 0) for document_id in line}
            free = [document_id for document_id in line if not self._jobs.has(document_id)]
            if free:
                self._turn += 1
                chosen = min(free, key=self._served.__getitem__)
                self._served[chosen] = self._turn
                return chosen
            await self._news.wait()
