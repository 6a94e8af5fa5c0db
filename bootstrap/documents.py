"""Documents: their intake, ingestion, deletion and events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bootstrap.search import Search
from bootstrap.stores import Stores
from engines.parsing.client import Parser, open_parser
from engines.parsing.limits import Limits as ParsingLimits
from engines.parsing.version import PARSER_VERSION
from persistence.documents.staging import Staging
from records.document import Chunking
from records.tracing import Tracer
from services.ingestion import Ingestion, Intake, open_ingestion
from services.ingestion.deletion import Deletion
from services.ingestion.document_events import DocumentEvents
from services.ingestion.embed_stage import EmbeddingStage
from services.ingestion.fetching import Fetcher
from services.ingestion.parse_stage import ParsingStage
from services.ingestion.reparse import Reparse
from settings import Settings
from workers import Worker


@dataclass(frozen=True, slots=True)
class DocumentServices:
    events: DocumentEvents
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
    settings: Settings, stores: Stores, search: Search, answers_running: Callable[[], int], tracer: Tracer
) -> AsyncIterator[DocumentServices]:
    """Open the services of documents. Unfinished jobs of an earlier run are continued."""
    events, originals_lock = DocumentEvents(stores.documents), asyncio.Lock()
    async with AsyncExitStack() as stack:
        parsers = await _open_parsers(settings, stack)
        deletion = Deletion(
            stores.documents, search.vectors, stores.originals, events, originals_lock, search.deep.vector_index
        )
        ingestion = Ingestion(
            stores.documents,
            stores.originals,
            events,
            ParsingStage(stores.documents, stores.chunks, stores.originals, parsers.large, events),
            ParsingStage(stores.documents, stores.chunks, stores.originals, parsers.small, events),
            EmbeddingStage(stores.documents, stores.chunks, search.vectors, search.embedder, events),
            _make_reparse(stores, search, parsers.reparse, events),
            deletion,
            answers_running,
            settings.keep_originals,
            tracer,
        )
        await stack.enter_async_context(open_ingestion(ingestion))
        intake = _make_intake(settings, stores, events, ingestion, originals_lock)
        yield DocumentServices(events, ingestion, intake, parsers.workers)


async def _open_parsers(settings: Settings, stack: AsyncExitStack) -> Parsers:
    limits = ParsingLimits(file_bytes=settings.max_upload_bytes, characters=settings.max_characters)
    large, small, reparse = [await stack.enter_async_context(open_parser(limits)) for _ in range(3)]
    return Parsers(large, small, reparse)


def _make_reparse(stores: Stores, search: Search, parser: Parser, events: DocumentEvents) -> Reparse:
    indexes = [index for index in (search.vectors, search.deep.vector_index) if index is not None]
    staging = Staging(stores.database)
    return Reparse(staging, stores.originals, parser, PARSER_VERSION, search.embedder, indexes, events)


def _make_intake(
    settings: Settings, stores: Stores, events: DocumentEvents, ingestion: Ingestion, originals_lock: asyncio.Lock
) -> Intake:
    incoming = stores.data / "incoming"
    return Intake(
        stores.documents,
        stores.originals,
        events,
        ingestion.enqueue,
        incoming=incoming,
        import_roots=settings.import_roots,
        max_bytes=settings.max_upload_bytes,
        chunking=Chunking(),
        fetcher=Fetcher(incoming, settings.max_upload_bytes, allow_private=settings.import_private_addresses),
        originals_lock=originals_lock,
    )
