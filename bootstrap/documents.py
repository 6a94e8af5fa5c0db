"""Documents: their intake, ingestion, deletion and events."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bootstrap.search import Search
from bootstrap.stores import Stores
from concurrency import Supervisor, open_owned_tasks
from engines.parsing.client import Parser, open_parser
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.version import PARSER_VERSION
from persistence.documents.staging import Staging
from records.access.system_scope import SYSTEM
from records.document import Chunking
from records.tracing import Tracer
from services.ingestion import Fetcher, IncomingFiles, Ingestion, Intake, Stages, open_ingestion
from services.ingestion.deletion import Deletion
from services.ingestion.document_events import DocumentEvents
from services.ingestion.document_stores import DocumentStores
from services.ingestion.embed_stage import EmbedStage
from services.ingestion.original_retention import OriginalRetention
from services.ingestion.parse_stage import ParseStage
from services.ingestion.reparse import Reparse
from services.memberships import Memberships, load_memberships
from services.usage import Usage
from settings import Settings
from workers import Worker


@dataclass(frozen=True, slots=True)
class DocumentServices:
    events: DocumentEvents
    members: Memberships
    ingestion: Ingestion
    intake: Intake
    parsers: tuple[Worker, ...]


@dataclass(frozen=True, slots=True)
class Parsers:
    """One parsing worker for each queue, so that a large document never delays a small one or a reparse."""

    large: Parser
    small: Parser
    reparse: Parser

    @property
    def workers(self) -> tuple[Worker, ...]:
        return self.large.worker, self.small.worker, self.reparse.worker


@asynccontextmanager
async def open_document_services(
    supervisor: Supervisor,
    settings: Settings,
    stores: Stores,
    search: Search,
    answers_running: Callable[[], int],
    usage: Usage,
    tracer: Tracer,
) -> AsyncIterator[DocumentServices]:
    """Open the services of documents. The ingestion of documents that the last run did not finish is resumed."""
    members = await load_memberships(stores.collections.collections)
    events = DocumentEvents(stores.documents, members)
    documents = DocumentStores(stores.documents, stores.ingested)
    originals = OriginalRetention(stores.originals, documents, keep=settings.keep_originals, usage=usage)
    async with AsyncExitStack() as stack:
        parsers = await _open_parsers(settings, stack)
        stages = _make_stages(stores, search, parsers, originals, events)
        deletion = Deletion(documents, search.vectors, originals, events, search.deep.vector_index)
        tasks = await stack.enter_async_context(open_owned_tasks(supervisor, "changes of documents"))
        ingestion = Ingestion(documents, events, stages, deletion, answers_running, tracer, tasks)
        await stack.enter_async_context(open_ingestion(ingestion, supervisor))
        intake = Intake(
            originals,
            ingestion,
            IncomingFiles(stores.data / "incoming", settings.max_upload_bytes),
            Fetcher(allow_private=settings.import_private_addresses),
            settings.import_roots,
            Chunking(),
            tasks,
        )
        yield DocumentServices(events, members, ingestion, intake, parsers.workers)


async def _open_parsers(settings: Settings, stack: AsyncExitStack) -> Parsers:
    limits = ParsingLimits(file_bytes=settings.max_upload_bytes, characters=settings.max_characters)
    large, small, reparse = [await stack.enter_async_context(open_parser(limits)) for _ in range(3)]
    return Parsers(large, small, reparse)


def _make_stages(
    stores: Stores, search: Search, parsers: Parsers, originals: OriginalRetention, events: DocumentEvents
) -> Stages:
    indexes = [index for index in (search.vectors, search.deep.vector_index) if index is not None]
    staging = Staging(stores.database, SYSTEM)
    return Stages(
        ParseStage(stores.ingested, stores.originals, parsers.large, events),
        ParseStage(stores.ingested, stores.originals, parsers.small, events),
        EmbedStage(stores.ingested, search.vectors, search.embedder, originals, events),
        Reparse(staging, stores.originals, parsers.reparse, PARSER_VERSION, search.embedder, indexes, events),
    )
