"""What happens to documents: how they arrive, are ingested, deleted, and told of."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bootstrap.search import Search
from bootstrap.stores import Stores
from engines.parsing.client import open_parser
from engines.parsing.parsing_limits import ParsingLimits
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
class DocumentJobs:
    feed: DocumentEvents
    ingestion: Ingestion
    arrivals: Intake
    parsers: tuple[Worker, ...]


@asynccontextmanager
async def open_document_jobs(
    settings: Settings, stores: Stores, search: Search, answers_running: Callable[[], int], tracer: Tracer
) -> AsyncIterator[DocumentJobs]:
    documents, chunks, originals = stores.documents, stores.chunks, stores.originals
    feed, originals_lock = DocumentEvents(documents), asyncio.Lock()
    limits = ParsingLimits(file_bytes=settings.max_upload_bytes, characters=settings.max_characters)
    async with AsyncExitStack() as stack:
        parsers = [await stack.enter_async_context(open_parser(limits)) for _ in range(3)]
        parser, small_parser, renewing_parser = parsers
        indexes = [index for index in (search.vectors, search.deep.index) if index is not None]
        ingestion = Ingestion(
            documents,
            originals,
            feed,
            ParsingStage(documents, chunks, originals, parser, feed),
            ParsingStage(documents, chunks, originals, small_parser, feed),
            EmbeddingStage(documents, chunks, search.vectors, search.embedder, feed),
            Reparse(
                Staging(stores.database), originals, renewing_parser, PARSER_VERSION, search.embedder, indexes, feed
            ),
            Deletion(documents, search.vectors, originals, feed, originals_lock, search.deep.index),
            answers_running,
            settings.keep_originals,
            tracer,
        )
        await stack.enter_async_context(open_ingestion(ingestion))
        arrivals = _arrivals(settings, stores, feed, ingestion, originals_lock)
        yield DocumentJobs(feed, ingestion, arrivals, tuple(each.worker for each in parsers))


def _arrivals(
    settings: Settings, stores: Stores, feed: DocumentEvents, ingestion: Ingestion, originals_lock: asyncio.Lock
) -> Intake:
    incoming = stores.data / "incoming"
    return Intake(
        stores.documents,
        stores.originals,
        feed,
        ingestion.enqueue,
        incoming=incoming,
        import_roots=settings.import_roots,
        max_bytes=settings.max_upload_bytes,
        chunking=Chunking(),
        fetcher=Fetcher(incoming, settings.max_upload_bytes, allow_private=settings.import_private_addresses),
        originals_lock=originals_lock,
    )
