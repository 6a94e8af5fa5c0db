"""What happens to documents: how they arrive, are ingested, deleted, and told of."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bootstrap.search import Search
from bootstrap.stores import Stores
from concurrency import Supervisor, open_owned_tasks
from engines.parsing.client import open_parser
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.version import PARSER_VERSION
from persistence.documents.staging import Staging
from records.document import Chunking
from records.tracing import Tracer
from services.ingestion import Fetcher, IncomingFiles, Ingestion, Intake, Stages, open_ingestion
from services.ingestion.deletion import Deletion
from services.ingestion.document_events import DocumentEvents
from services.ingestion.embed_stage import EmbedStage
from services.ingestion.original_retention import OriginalRetention
from services.ingestion.parse_stage import ParseStage
from services.ingestion.reparse import Reparse
from settings import Settings
from workers import Worker


@dataclass(frozen=True, slots=True)
class DocumentJobs:
    feed: DocumentEvents
    ingestion: Ingestion
    arrivals: Intake
    parsers: tuple[Worker, ...]


@asynccontextmanager
async def open_document_jobs(
    settings: Settings,
    stores: Stores,
    search: Search,
    answers_running: Callable[[], int],
    tracer: Tracer,
    supervisor: Supervisor,
) -> AsyncIterator[DocumentJobs]:
    """Ingest, reparse and delete documents while the block is open."""
    documents, chunks, events = stores.documents, stores.chunks, DocumentEvents(stores.documents)
    originals = OriginalRetention(stores.originals, documents, keep=settings.keep_originals)
    limits = ParsingLimits(file_bytes=settings.max_upload_bytes, characters=settings.max_characters)
    async with AsyncExitStack() as stack:
        parsers = [await stack.enter_async_context(open_parser(limits)) for _ in range(3)]
        large, small, again = parsers
        indexes = [index for index in (search.vectors, search.deep.index) if index is not None]
        stages = Stages(
            ParseStage(documents, chunks, stores.originals, large, events),
            ParseStage(documents, chunks, stores.originals, small, events),
            EmbedStage(documents, chunks, search.vectors, search.embedder, originals, events),
            Reparse(
                Staging(stores.database), stores.originals, again, PARSER_VERSION, search.embedder, indexes, events
            ),
        )
        deletion = Deletion(documents, search.vectors, originals, events, search.deep.index)
        tasks = await stack.enter_async_context(open_owned_tasks(supervisor, "changes of documents"))
        ingestion = Ingestion(documents, events, stages, deletion, answers_running, tracer, tasks)
        await stack.enter_async_context(open_ingestion(ingestion, supervisor))
        intake = Intake(
            originals,
            events,
            IncomingFiles(stores.data / "incoming", settings.max_upload_bytes),
            Fetcher(allow_private=settings.import_private_addresses),
            settings.import_roots,
            Chunking(),
            tasks,
        )
        yield DocumentJobs(events, ingestion, intake, tuple(each.worker for each in parsers))
