"""What happens to documents: how they arrive, are ingested, deleted, and told of."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from engines.ingestion import Arrivals, Ingestion, open_ingestion
from engines.ingestion.deletion import Deletion
from engines.ingestion.embedding import EmbeddingStage
from engines.ingestion.feed import DocumentFeed
from engines.ingestion.fetching import Fetcher
from engines.ingestion.parsing import ParsingStage
from engines.ingestion.renewal import Renewal
from engines.parsing.limits import Limits as ParsingLimits
from engines.parsing.parser import open_parser
from engines.parsing.version import PARSER_VERSION
from owners.search import Search
from owners.stores import Stores
from persistence.staging import Staging
from records.document import Chunking
from records.tracing import Tracer
from settings import Settings
from workers import Worker


@dataclass(frozen=True, slots=True)
class DocumentJobs:
    feed: DocumentFeed
    ingestion: Ingestion
    arrivals: Arrivals
    parsers: tuple[Worker, ...]


@asynccontextmanager
async def open_document_jobs(
    settings: Settings, stores: Stores, search: Search, answers_running: Callable[[], int], tracer: Tracer
) -> AsyncIterator[DocumentJobs]:
    documents, chunks, originals = stores.documents, stores.chunks, stores.originals
    feed, originals_lock = DocumentFeed(documents), asyncio.Lock()
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
            Renewal(
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
    settings: Settings, stores: Stores, feed: DocumentFeed, ingestion: Ingestion, originals_lock: asyncio.Lock
) -> Arrivals:
    incoming = stores.data / "incoming"
    return Arrivals(
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
