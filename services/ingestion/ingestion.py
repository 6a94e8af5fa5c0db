"""Owns the jobs of ingestion: runs them stage by stage, and cancels, restarts and deletes documents.

Each change of a document runs in a task of this component, so that a request that is canceled leaves nothing half done.
"""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from concurrency import OwnedTasks, Supervisor
from records.access import AccessScope
from records.document import UNFINISHED, Chunking, DocumentRecord, DocumentStatus, EraseReceipt
from records.errors import Conflict
from records.events import Change
from records.ids import DocumentId
from records.system import IngestionStatus
from records.tracing import Span, Tracer
from services.ingestion.deletion import Deletion, DeletionLoop
from services.ingestion.document_events import DocumentEvents
from services.ingestion.document_stores import DocumentStores
from services.ingestion.embed_stage import EmbedStage
from services.ingestion.job_failures import JobFailures
from services.ingestion.job_registry import JobRegistry
from services.ingestion.parse_stage import ParseStage
from services.ingestion.reparse import Reparse
from services.ingestion.stage_loop import StageLoop, Work
from services.ingestion.stage_queue import StageQueue

MAX_SMALL_BYTES = 1 << 20
"""Files up to this size have a parser of their own, so that they never wait for a large file that takes minutes."""
TO_PARSE = (DocumentStatus.PENDING, DocumentStatus.PARSING, DocumentStatus.CHUNKING)
TO_EMBED = (DocumentStatus.EMBEDDING,)
TO_REPARSE = (DocumentStatus.READY,)
TO_RESTART = (DocumentStatus.FAILED, DocumentStatus.CANCELED)
"""Statuses of documents whose ingestion starts again when the same file arrives again."""

log = structlog.get_logger("graphlore.ingestion")


@dataclass(frozen=True, slots=True)
class Stages:
    """The work of each stage."""

    parse_large: ParseStage
    parse_small: ParseStage
    embed: EmbedStage
    reparse: Reparse


class Ingestion:
    """The ingestion of all documents. `open_ingestion` runs it."""

    def __init__(
        self,
        stores: DocumentStores,
        events: DocumentEvents,
        stages: Stages,
        deletion: Deletion,
        answers_running: Callable[[], int],
        tracer: Tracer,
        tasks: OwnedTasks,
    ) -> None:
        """`answers_running` returns the number of running answers, to which ingestion yields the processor."""
        self._documents = stores.requested
        self._ingested = stores.ingested
        self._events = events
        self._stages = stages
        self._deletion = deletion
        self._answers_running = answers_running
        self._tracer = tracer
        self._tasks = tasks
        self.ends: Counter[DocumentStatus] = Counter()
        "Numbers of jobs that ended since the server started, by the final status of the document."
        self._jobs = JobRegistry(self._wake)
        self._failures = JobFailures(stores.ingested, events, self.ends)
        self._deleting: set[DocumentId] = set()
        "Documents that are being deleted by a request, so that the loop of interrupted deletions skips them."
        self.deletions = DeletionLoop(stores.ingested, self._erase_interrupted)
        "Completes interrupted deletions; `open_ingestion` runs it."
        self._ingestion_loops = self._make_ingestion_loops()
        outdated = StageQueue("reparse", TO_REPARSE, stages.reparse.waiting, self._jobs)
        self.loops = (*self._ingestion_loops, self._make_loop(outdated, stages.reparse.run))
        "The loops of all stages; `open_ingestion` runs them."
        events.listen(self._observe)

    def _make_ingestion_loops(self) -> tuple[StageLoop, ...]:
        to_parse, to_embed = partial(self._ingested.waiting, TO_PARSE), partial(self._ingested.waiting, TO_EMBED)
        large = StageQueue("parse large files", TO_PARSE, to_parse, self._jobs, lambda size: size > MAX_SMALL_BYTES)
        small = StageQueue("parse small files", TO_PARSE, to_parse, self._jobs, lambda size: size <= MAX_SMALL_BYTES)
        return (
            self._make_loop(large, partial(self._parse, self._stages.parse_large)),
            self._make_loop(small, partial(self._parse, self._stages.parse_small)),
            self._make_loop(StageQueue("embed", TO_EMBED, to_embed, self._jobs), self._embed),
        )

    def _make_loop(self, queue: StageQueue, work: Work) -> StageLoop:
        return StageLoop(queue, work, self._jobs, self._ingested, self._failures)

    def _observe(self, change: Change[DocumentRecord]) -> None:
        for loop in self._ingestion_loops:
            loop.queue.observe(change)

    def _wake(self) -> None:
        for loop in self.loops:
            loop.queue.wake()

    def watch_documents(
        self, scope: AccessScope, document_id: DocumentId | None
    ) -> AbstractAsyncContextManager[AsyncGenerator[Change[DocumentRecord], None]]:
        """Stream a snapshot and then every change: of one document, or of all documents in the scope (None).

        Raises `NotFound` for an unknown id.
        """
        return self._events.watch(scope, document_id)

    def status(self) -> IngestionStatus:
        """Return the numbers of waiting documents and of running jobs, at this moment.

        At most 10,000 documents that wait to be parsed are counted, and at most 10,000 that wait to be embedded.
        """
        running = self._jobs.running
        waiting = {document_id for loop in self._ingestion_loops for document_id in loop.queue.waiting}
        return IngestionStatus(
            queued=len(waiting - running),
            running=len(running),
            yielding=bool(running) and self._answers_running() > 0,
            chunks_per_second=self._stages.embed.chunks_per_second,
        )

    async def begin(self, document: DocumentRecord, *, is_new: bool) -> DocumentRecord:
        """Start the ingestion of a document that has arrived, and return the document. Call it in an owned task.

        If the document is not new, it is returned unchanged, unless its ingestion has failed or was canceled. In this case
        ingestion starts again: the cause may have been removed, for example because a program was installed.
        """
        if is_new:
            self._events.publish_added(document)
        elif document.status in UNFINISHED:
            # An earlier attempt may have failed after it was committed, and before it was published to the queues.
            self._events.publish_updated(document)
        elif document.status in TO_RESTART:
            async with self._jobs.stopped(document.id):
                document = await self._ingested.get(document.id)
                if document.status in TO_RESTART:
                    self._failures.forget(document.id)
                    return await self._events.publish_result(self._ingested.restart(document.id))
        return document

    async def cancel_ingestion(self, scope: AccessScope, document_id: DocumentId) -> DocumentRecord:
        """Stop the ingestion of a document and return it as CANCELED, without its text.

        Raises `NotFound`, `Forbidden` if the user may only read it, and `Conflict` if it is not being ingested.
        """
        await self._documents.require_changeable(scope, document_id)
        return await self._tasks.complete(partial(self._cancel, document_id), "cancellation of a document")

    async def _cancel(self, document_id: DocumentId) -> DocumentRecord:
        async with self._jobs.stopped(document_id):
            document = await self._ingested.get(document_id)
            if document.status not in UNFINISHED:
                status = document.status.value
                raise Conflict(f"The document is not being ingested. Its status is {status}.", field="id")
            self._failures.forget(document_id)
            await self._ingested.restart(document_id)
            change = self._ingested.set_status(document_id, DocumentStatus.CANCELED)
            canceled = await self._events.publish_result(change)
            self.ends[DocumentStatus.CANCELED] += 1
        return canceled

    async def reprocess_document(
        self, scope: AccessScope, document_id: DocumentId, chunking: Chunking | None
    ) -> DocumentRecord:
        """Ingest a document again from its original, and return it as PENDING. `chunking` None keeps its present chunking.

        Raises `NotFound`, `Forbidden` if the user may only read it, and `Conflict` if it is being ingested or deleted, or
        its original was not kept.
        """
        await self._documents.require_changeable(scope, document_id)
        _require_idle(await self._documents.get(scope, document_id))
        return await self._tasks.complete(partial(self._reprocess, document_id, chunking), "restart of a document")

    async def _reprocess(self, document_id: DocumentId, chunking: Chunking | None) -> DocumentRecord:
        async with self._jobs.stopped(document_id):
            _require_idle(await self._ingested.get(document_id))
            self._failures.forget(document_id)
            return await self._events.publish_result(self._ingested.restart(document_id, chunking))

    async def delete_document(self, scope: AccessScope, document_id: DocumentId) -> EraseReceipt:
        """Hide a document at once, stop its job, erase it, and return what was erased.

        Raises `NotFound`, and `Forbidden` if the user may only read it.

        A deletion that has begun is completed, even if it fails at first or the caller is canceled.
        """
        return await self._tasks.complete(partial(self._delete, scope, document_id), "deletion of a document")

    async def prepare_deletions(self) -> None:
        """Call before documents are hidden by other means than `delete_document`, so that their vectors are counted."""
        await self._deletion.open_indexes()

    async def _delete(self, scope: AccessScope, document_id: DocumentId) -> EraseReceipt:
        self._deleting.add(document_id)
        try:
            await self._deletion.open_indexes()
            await self._deletion.hide(scope, document_id)
            return await self._erase(document_id)
        except BaseException:
            self.deletions.request()
            raise
        finally:
            self._deleting.discard(document_id)

    async def _erase_interrupted(self, document_id: DocumentId) -> None:
        """Erase a hidden document, unless a request is erasing it."""
        if document_id not in self._deleting:
            await self._erase(document_id)

    async def _erase(self, document_id: DocumentId) -> EraseReceipt:
        async with self._jobs.stopped(document_id):
            self._failures.forget(document_id)
            return await self._deletion.erase(await self._ingested.get(document_id))

    async def _parse(self, stage: ParseStage, document: DocumentRecord) -> None:
        with self._tracer.span("parse document") as span:
            _describe(span, document)
            parsed = await stage.run(document)
            span.set("graphlore.document.chunks", parsed.chunk_count)
        log.info("document parsed", document=document.id, chunks=parsed.chunk_count, pages=parsed.page_count)

    async def _embed(self, document: DocumentRecord) -> None:
        with self._tracer.span("embed chunks") as span:
            _describe(span, document)
            embedded = await self._stages.embed.step(document)
        if embedded.status is DocumentStatus.READY:
            self.ends[DocumentStatus.READY] += 1
            log.info("document ready", document=document.id, chunks=embedded.chunk_count)


def _require_idle(document: DocumentRecord) -> None:
    """Raise `Conflict` if the document is being ingested or deleted, or has no original."""
    if document.status in UNFINISHED or document.status is DocumentStatus.DELETING:
        raise Conflict(f"The document is {document.status.value}. Wait until that has ended.", field="id")
    if not document.has_original:
        raise Conflict("The original was not kept. Delete the document and upload the file again.", field="id")


def _describe(span: Span, document: DocumentRecord) -> None:
    """Set attributes that reveal nothing of the document's content. Its name is left out: it may be part of the content."""
    span.set("graphlore.document.id", int(document.id))
    span.set("graphlore.document.media_type", document.media_type)
    span.set("graphlore.document.bytes", document.byte_size)


@asynccontextmanager
async def open_ingestion(ingestion: Ingestion, supervisor: Supervisor) -> AsyncIterator[Ingestion]:
    """Run jobs while the block is open. Jobs and deletions that were interrupted before are continued."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(supervisor.running("document deletions", ingestion.deletions.run))
        for loop in ingestion.loops:
            await stack.enter_async_context(supervisor.running(f"ingestion: {loop.name}", loop.run))
        yield ingestion
