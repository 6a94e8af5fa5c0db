"""The loop of one stage of ingestion: takes the next document, runs its job, and stores the job's failure, if any."""

from collections.abc import Awaitable, Callable
from functools import partial

import anyio

from concurrency import run_unit
from records.codes import ErrorCode
from records.document import DocumentRecord
from records.errors import DocumentUnreadable, ExpectedError
from records.ids import DocumentId
from services.attempt import attempt
from services.ingestion.job_failures import JobFailures
from services.ingestion.job_registry import JobRegistry
from services.ingestion.stage_queue import StageQueue
from services.interfaces.ingestion_store import IngestionStore

RETRY_SECONDS = 1.0
"""Pause in seconds after a job that could not read its document or could not store its failure."""

Work = Callable[[DocumentRecord], Awaitable[None]]
"""One job of a stage. Raises an `ExpectedError` for every expected failure."""


class StageLoop:
    """Runs the jobs of one stage, one at a time. Nothing that a job or a store raises ends the loop."""

    def __init__(
        self, queue: StageQueue, work: Work, jobs: JobRegistry, documents: IngestionStore, failures: JobFailures
    ) -> None:
        self.queue = queue
        self._work = work
        self._jobs = jobs
        self._documents = documents
        self._failures = failures

    @property
    def name(self) -> str:
        """The name of the stage, for logs."""
        return self.queue.name

    async def run(self) -> None:
        """Run jobs while the server runs."""
        while True:
            document_id = await self.queue.next()
            await self._jobs.run(document_id, partial(self._run_job, document_id))

    async def _run_job(self, document_id: DocumentId) -> None:
        if not await attempt(partial(self._process, document_id), f"job: {self.name}"):
            await anyio.sleep(RETRY_SECONDS)

    async def _process(self, document_id: DocumentId) -> None:
        document = await self._documents.find(document_id)
        if document is None or document.status not in self.queue.statuses:
            return
        if await self._failures.store_pending(document):
            return
        failure = await self._run_work(document)
        if failure is not None:
            await self._failures.store(document_id, failure)

    async def _run_work(self, document: DocumentRecord) -> ExpectedError | None:
        """Run the work of a job, and return its failure, or None."""
        failures: list[ExpectedError] = []

        async def work() -> None:
            try:
                await self._work(document)
            except ExpectedError as failure:
                failures.append(failure)

        async def report(message: str) -> None:
            failures.append(DocumentUnreadable(ErrorCode.INTERNAL, message, retryable=True))

        await run_unit(work, f"job: {self.name}", report)
        return failures[0] if failures else None
