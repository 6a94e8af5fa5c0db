"""The owner of all ingestion jobs: a loop for each line of waiting documents takes up whatever is not finished."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import anyio
import structlog

from records.codes import ErrorCode
from records.document import UNFINISHED, Chunking, DocumentRecord, DocumentStatus, EraseReceipt, IngestionError
from records.errors import Conflict, DocumentUnreadable, ExpectedError
from records.events import Change
from records.ids import DocumentId
from records.system import IngestionStatus
from records.tracing import Span, Tracer
from services.background import guarded
from services.ingestion.deletion import Deletion
from services.ingestion.document_events import DocumentEvents
from services.ingestion.embed_stage import EmbeddingStage
from services.ingestion.job_registry import JobRegistry
from services.ingestion.parse_stage import ParsingStage
from services.ingestion.reparse import Reparse
from services.ingestion.stage_queue import StageQueue
from services.interfaces.document_store import DocumentStore
from services.interfaces.original_files import Originals

SMALL_BYTES = 1 << 20
"""Files up to here are parsed beside larger ones, in a process of their own, and never wait for one that takes minutes."""
PAUSE_AFTER_SURPRISE = 1.0
TO_PARSE = (DocumentStatus.PENDING, DocumentStatus.PARSING, DocumentStatus.CHUNKING)
TO_EMBED = (DocumentStatus.EMBEDDING,)
TO_RENEW = (DocumentStatus.READY,)
RETRYABLE = (ErrorCode.WORKER_CRASHED, ErrorCode.DISK_FULL, ErrorCode.BUSY, ErrorCode.INTERNAL)

Work = Callable[[DocumentRecord], Awaitable[None]]

log = structlog.get_logger("graphlore.ingestion")


class Ingestion:
    def __init__(
        self,
        documents: DocumentStore,
        originals: Originals,
        feed: DocumentEvents,
        parsing: ParsingStage,
        parsing_small: ParsingStage,
        embedding: EmbeddingStage,
        renewal: Reparse,
        deletion: Deletion,
        answers_running: Callable[[], int],
        keep_originals: bool,
        tracer: Tracer,
    ) -> None:
        self._documents = documents
        self._originals = originals
        self._feed = feed
        self._embedding = embedding
        self._deletion = deletion
        self._answers_running = answers_running
        self._keep_originals = keep_originals
        self._tracer = tracer
        self.ends: Counter[DocumentStatus] = Counter()
        "How jobs ended since the start."
        self._jobs = JobRegistry()
        to_parse = partial(documents.waiting, TO_PARSE)
        self._lines: dict[StageQueue, Work] = {
            StageQueue(to_parse, self._jobs, TO_PARSE, lambda size: size > SMALL_BYTES): partial(self._parse, parsing),
            StageQueue(to_parse, self._jobs, TO_PARSE, lambda size: size <= SMALL_BYTES): partial(
                self._parse, parsing_small
            ),
            StageQueue(partial(documents.waiting, TO_EMBED), self._jobs, TO_EMBED): self._embed,
            StageQueue(renewal.waiting, self._jobs, TO_RENEW): renewal.run,
        }

    def enqueue(self, document_id: DocumentId) -> None:
        """Tell the loops that there is work; which, they read from the store."""
        self._tell()

    def _tell(self) -> None:
        for line in self._lines:
            line.tell()

    def watch_documents(
        self, document_id: DocumentId | None
    ) -> AbstractAsyncContextManager[AsyncGenerator[Change[DocumentRecord], None]]:
        """A snapshot first, then every change. Raises `NotFound` for an unknown document."""
        return self._feed.watch(document_id)

    def status(self) -> IngestionStatus:
        running = self._jobs.running
        return IngestionStatus(
            queued=max(0, sum(line.waiting for line in self._lines if line.statuses is not TO_RENEW) - running),
            running=running,
            yielding=running > 0 and self._answers_running() > 0,
            chunks_per_second=self._embedding.chunks_per_second,
        )

    async def cancel_ingestion(self, document_id: DocumentId) -> DocumentRecord:
        """Stop a job, wherever it is. Raises `NotFound`, and `Conflict` where nothing is at work."""
        async with self._stopped(document_id):
            document = await self._documents.get(document_id)
            if document.status not in UNFINISHED:
                raise Conflict(f"Nothing to cancel: the document is {document.status.value}.", field="id")
            await self._documents.restart(document_id)
            canceled = await self._feed.after(self._documents.set_status(document_id, DocumentStatus.CANCELED))
            self.ends[DocumentStatus.CANCELED] += 1
        return canceled

    async def reprocess_document(self, document_id: DocumentId, chunking: Chunking | None) -> DocumentRecord:
        """Ingest again from the original. Raises `NotFound`, and `Conflict` at work or without an original."""
        _check_at_rest(await self._documents.get(document_id))
        async with self._stopped(document_id):
            _check_at_rest(await self._documents.get(document_id))
            return await self._feed.after(self._documents.restart(document_id, chunking))

    async def delete_document(self, document_id: DocumentId) -> EraseReceipt:
        """Hide at once, stop its job, erase. Raises `NotFound`. Goes on to its end where the caller leaves."""
        document = await self._documents.get(document_id)
        hidden = await self._deletion.hide(document)
        with anyio.CancelScope(shield=True):
            async with self._stopped(document_id):
                receipt = await self._deletion.erase(hidden)
        return receipt

    @asynccontextmanager
    async def _stopped(self, document_id: DocumentId) -> AsyncIterator[None]:
        """Nothing works on the document inside this block; what it is left as is looked at again behind it."""
        try:
            async with self._jobs.stopped(document_id):
                yield
        finally:
            self._tell()

    async def run(self) -> None:
        async with anyio.create_task_group() as loops:
            for line, work in self._lines.items():
                loops.start_soon(self._serve, line, work)

    async def finish_deletions(self) -> None:
        """What a crash left half deleted."""
        for document in await self._documents.with_status((DocumentStatus.DELETING,)):
            await guarded(partial(self._erase, document), "deletion")

    async def _erase(self, document: DocumentRecord) -> None:
        await self._deletion.erase(document)

    async def _serve(self, line: StageQueue, work: Work) -> None:
        while True:
            document_id = await line.next()
            await self._jobs.run(document_id, partial(self._one, document_id, line.statuses, work))
            self._tell()

    async def _one(self, document_id: DocumentId, statuses: Sequence[DocumentStatus], work: Work) -> None:
        current = await self._documents.find(document_id)
        if current is None or current.status not in statuses:
            return

        async def attempt() -> None:
            try:
                await work(current)
            except ExpectedError as failure:
                await self._fail(current.id, failure)

        if not await guarded(attempt, "ingestion", lambda message: self._surprised(current.id, message)):
            await anyio.sleep(PAUSE_AFTER_SURPRISE)

    async def _parse(self, stage: ParsingStage, document: DocumentRecord) -> None:
        with self._tracer.span("parse document") as span:
            _describe(span, document)
            parsed = await stage.run(document)
            span.set("graphlore.document.chunks", parsed.chunk_count)
        log.info("parsed", document=document.id, chunks=parsed.chunk_count, pages=parsed.page_count)

    async def _embed(self, document: DocumentRecord) -> None:
        with self._tracer.span("embed chunks") as span:
            _describe(span, document)
            after = await self._embedding.step(document)
        if after.status is DocumentStatus.READY:
            self.ends[DocumentStatus.READY] += 1
            log.info("ready", document=document.id, chunks=after.chunk_count)
            if not self._keep_originals:
                await self._originals.remove(document.sha256)

    async def _surprised(self, document_id: DocumentId, message: str) -> None:
        await self._fail(document_id, DocumentUnreadable(ErrorCode.INTERNAL, message, retryable=True))

    async def _fail(self, document_id: DocumentId, failure: ExpectedError) -> None:
        """FAILED with the reason; what the job had stored so far is taken back, so that nothing of it is found."""
        document = await self._documents.find(document_id)
        if document is None or document.status not in UNFINISHED:
            return
        retryable = failure.code in RETRYABLE or getattr(failure, "retryable", False)
        error = IngestionError(document.status, failure.code, failure.message, retryable)
        log.warning("ingestion failed", document=document_id, stage=document.status.value, code=failure.code.value)
        await self._documents.restart(document_id)
        await self._feed.after(self._documents.set_status(document_id, DocumentStatus.FAILED, error=error))
        self.ends[DocumentStatus.FAILED] += 1


def _check_at_rest(document: DocumentRecord) -> None:
    if document.status in UNFINISHED or document.status is DocumentStatus.DELETING:
        raise Conflict(f"The document is {document.status.value} already.", field="id")
    if not document.has_original:
        raise Conflict("The original was not kept; upload the file again.", field="id")


def _describe(span: Span, document: DocumentRecord) -> None:
    """By what is no text of it: its name may say as much as a sentence."""
    span.set("graphlore.document.id", int(document.id))
    span.set("graphlore.document.media_type", document.media_type)
    span.set("graphlore.document.bytes", document.byte_size)


@asynccontextmanager
async def open_ingestion(ingestion: Ingestion) -> AsyncIterator[Ingestion]:
    """JobRegistry run while this block is open; those that an earlier end cut off go on at their stage."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ingestion.finish_deletions)
        tasks.start_soon(ingestion.run)
        yield ingestion
        tasks.cancel_scope.cancel()
