"""Ingestion over the real stores, with a parser and an embedder that tests can block and fail."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio

from concurrency import OwnedTasks, Supervisor, open_owned_tasks
from persistence.database.database import Database
from persistence.documents.staging import Staging
from persistence.originals import Originals
from records.access.usage import UsageLimits
from records.document import (
    Chunking,
    DocumentRecord,
    DocumentSource,
    DocumentStatus,
    NewDocument,
    ReceivedFile,
)
from records.errors import Conflict, ExpectedError
from records.ids import DocumentId
from records.tracing import NoTracing
from services.ingestion import Fetcher, IncomingFiles, Ingestion, Intake, Stages, open_ingestion
from services.ingestion.deletion import Deletion
from services.ingestion.document_events import DocumentEvents
from services.ingestion.document_stores import DocumentStores
from services.ingestion.embed_stage import EmbedStage
from services.ingestion.original_retention import OriginalRetention
from services.ingestion.parse_stage import ParseStage
from services.ingestion.reparse import Reparse
from services.memberships import Memberships
from services.usage import Usage
from tests.access import LOCAL, SYSTEM
from tests.fakes.faults import Faults
from tests.fakes.ingestion import EmptyVectorIndex, GatedEmbedder, LineParser
from tests.persistence.stores import Stores
from tests.support.databases import open_copy
from tests.support.supervisor import open_test_supervisor

MAX_BYTES = 1_000_000
NO_LIMITS = UsageLimits()
CONTENT = b"Bolt A takes 35 Nm.\nBolt B takes 50 Nm.\nNuts are on shelf 7."
AT_ONCE = 16
"""Maximum number of scenarios that run at the same time."""
HANG_SECONDS = 60
"""Time after which a scenario is taken to hang."""
LOOPS = {
    "changes of documents", "document deletions", "ingestion: parse large files", "ingestion: parse small files",
    "ingestion: embed", "ingestion: reparse",
}  # fmt: skip


def unchanged(store: Any) -> Any:
    """Return a store as it is; tests pass a function that wraps it with faults."""
    return store


class IngestionHarness:
    """One data folder with everything that ingestion needs."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        tasks: OwnedTasks,
        *,
        parser_version: int = 1,
        keep_originals: bool = True,
        limits: UsageLimits = NO_LIMITS,
        wrap: Callable[[Any], Any] = unchanged,
    ) -> None:
        """`wrap` is applied to the stores that ingestion uses; the tests themselves read the stores without it."""
        self.stores = Stores(database)
        self.folder = folder
        self.incoming = folder / "incoming"
        self.originals = Originals(database, folder / "originals", self.incoming, keep=keep_originals)
        self.large, self.small, self.again = (LineParser(parser_version) for _ in range(3))
        self.embedder = GatedEmbedder()
        documents, ingested, originals = wrap(self.stores.documents), wrap(self.stores.ingested), wrap(self.originals)
        both = DocumentStores(documents, ingested)
        staging, vectors = wrap(Staging(database, SYSTEM)), wrap(EmptyVectorIndex())
        self.members = Memberships(self.stores.collections, {})
        self.events = DocumentEvents(documents, self.members)
        retention = OriginalRetention(originals, both, keep=keep_originals, usage=Usage(self.stores.usage, limits))
        large, small = (ParseStage(ingested, originals, parser, self.events) for parser in (self.large, self.small))
        embed = EmbedStage(ingested, vectors, wrap(self.embedder), retention, self.events)
        reparse = Reparse(staging, originals, self.again, parser_version, wrap(self.embedder), [vectors], self.events)
        deletion = Deletion(both, vectors, retention, self.events)
        stages = Stages(large, small, embed, reparse)
        self.ingestion = Ingestion(both, self.events, stages, deletion, lambda: 0, NoTracing(), tasks)
        files = IncomingFiles(self.incoming, MAX_BYTES)
        self.intake = Intake(retention, self.ingestion, files, Fetcher(), [folder / "imports"], Chunking(), tasks)

    def received(self, content: bytes, name: str = "bolts.txt") -> ReceivedFile:
        """Write a file as an upload would."""
        self.incoming.mkdir(exist_ok=True)
        part = self.incoming / f"{uuid.uuid4().hex}.part"
        part.write_bytes(content)
        return ReceivedFile(part, name, len(content), hashlib.sha256(content).hexdigest())

    async def add(self, name: str, lines: Sequence[str], byte_size: int | None = None) -> DocumentRecord:
        """Add a document without the intake. `byte_size` is stored in place of the real size."""
        file = self.received("\n".join(lines).encode(), name)
        await self.originals.adopt(file)
        new = NewDocument(name, "text/plain", byte_size or file.byte_size, file.sha256, DocumentSource.UPLOAD)
        document, _ = await self.stores.documents.add(LOCAL, new)
        self.events.publish_added(document)
        return document

    async def status(self, document: DocumentRecord) -> DocumentStatus:
        """Return the stored status of a document."""
        return (await self.stores.documents.get(LOCAL, document.id)).status

    async def until(self, document: DocumentRecord, *statuses: DocumentStatus) -> DocumentRecord:
        """Wait until a document has one of these statuses, and return it."""
        async with self.events.watch(LOCAL, document.id) as changes:
            async for change in changes:
                if change.record is not None and change.record.status in statuses:
                    return change.record
        raise AssertionError("the stream of changes never ends")

    async def is_hidden(self, document_id: DocumentId) -> bool:
        """Return whether a document is being deleted or was deleted."""
        document = await self.stores.documents.find(LOCAL, document_id)
        return document is None or document.status is DocumentStatus.DELETING

    async def check_usable(self, document: DocumentRecord) -> None:
        """Check that a document is READY, or that it can be ingested again; and that all of its text is found.

        An upload that was canceled before may still run, and start the ingestion again at any moment.
        """
        await self.until_idle()
        found = await self.stores.documents.get(LOCAL, document.id)
        if found.status is not DocumentStatus.READY:
            with suppress(Conflict):
                await self.ingestion.reprocess_document(LOCAL, document.id, None)
            await self.until_idle()
            found = await self.stores.documents.get(LOCAL, document.id)
        assert found.status is DocumentStatus.READY, found
        lines = self.originals.path(document.sha256).read_text(encoding="utf-8").splitlines()
        assert (found.chunk_count, found.embedded_chunks) == (len(lines), len(lines))
        assert await self.stores.documents.text(LOCAL, document.id, 0, MAX_BYTES) == "".join(lines)

    async def check_consistent(self) -> None:
        """Wait until nothing is queued, no received file is left, and the originals are those of the documents.

        The work of a canceled request may still run for a while. If the state stays inconsistent, this does not return.
        """
        while True:
            await self.until_idle()
            status = self.ingestion.status()
            incoming = list(self.incoming.iterdir()) if self.incoming.exists() else []
            documents = await self.stores.ingested.with_status(list(DocumentStatus))
            files = {path.name for path in (self.folder / "originals").rglob("*") if path.is_file()}
            is_consistent = files == {document.sha256 for document in documents}
            if is_consistent and not incoming and (status.queued, status.running) == (0, 0):
                return
            await anyio.sleep(0.01)

    async def until_idle(self) -> None:
        """Wait until no document is being ingested or deleted, as the database has it."""
        busy = [status for status in DocumentStatus if status not in RESTING]
        while self.ingestion.status().running or await self.stores.ingested.with_status(busy):
            await anyio.sleep(0.05)


RESTING = (DocumentStatus.READY, DocumentStatus.FAILED, DocumentStatus.CANCELED)


@asynccontextmanager
async def open_harness(
    database: Database, folder: Path, *, failure: ExpectedError | None = None, **settings: Any
) -> AsyncIterator[IngestionHarness]:
    """Run ingestion while the block is open. The parser of reparsing raises `failure` for every file."""
    async with open_test_supervisor() as supervisor, open_supervised(database, folder, supervisor, **settings) as h:
        h.again.failure = failure
        yield h


@asynccontextmanager
async def open_supervised(
    database: Database, folder: Path, supervisor: Supervisor, **settings: Any
) -> AsyncIterator[IngestionHarness]:
    """Run ingestion under a supervisor that the test watches."""
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(open_owned_tasks(supervisor, "changes of documents"))
        harness = IngestionHarness(database, folder, tasks, **settings)
        await harness.originals.sweep()
        await stack.enter_async_context(open_ingestion(harness.ingestion, supervisor))
        yield harness


@asynccontextmanager
async def open_faulty(
    template: Path, folder: Path, *, checks: bool = True, **settings: Any
) -> AsyncIterator[tuple[IngestionHarness, Faults]]:
    """Run ingestion over failing stores; check at the end that all loops are alive and the files match the documents.

    Without `checks` the server ends in the middle of its work.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faults = Faults()
    async with (
        open_copy(template, folder) as database,
        open_test_supervisor() as supervisor,
        open_supervised(database, folder, supervisor, wrap=faults.wrap, **settings) as harness,
    ):
        with anyio.fail_after(HANG_SECONDS):
            yield harness, faults
            if checks:
                faults.clear()
                await harness.check_consistent()
        assert supervisor.failed == ()
        assert set(supervisor.alive) == LOOPS


async def run_all(scenarios: Iterable[Callable[[], Awaitable[object]]]) -> None:
    """Run scenarios, at most `AT_ONCE` at the same time."""
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def run(scenario: Callable[[], Awaitable[object]]) -> None:
        async with limiter:
            await scenario()

    async with anyio.create_task_group() as tasks:
        for scenario in scenarios:
            tasks.start_soon(run, scenario)


async def upload(harness: IngestionHarness, content: bytes = CONTENT) -> DocumentRecord:
    document, _ = await harness.intake.add_file(LOCAL, harness.received(content))
    return document
