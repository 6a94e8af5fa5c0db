"""The server: settings read once, every owner opened in its order, the routes, the command line."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, TypedDict

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engines.answers import Answers, open_answers
from engines.answers.answerer import Answerer
from engines.answers.settings import SERVER_DEFAULTS
from engines.embedding import document_worker, open_embedder, prompt_worker
from engines.ingestion import Arrivals, Ingestion, open_ingestion
from engines.ingestion.deletion import Deletion
from engines.ingestion.embedding import EmbeddingStage
from engines.ingestion.feed import DocumentFeed
from engines.ingestion.fetching import Fetcher
from engines.ingestion.parsing import ParsingStage
from engines.metrics import Counted, Exposition, Machine, Metrics, Sources, Traffic, open_loop_lag, open_metrics
from engines.metrics.prometheus import CONTENT_TYPE
from engines.metrics.storage import Storage
from engines.metrics.waits import Waits
from engines.models import Models, open_models
from engines.parsing.limits import Limits as ParsingLimits
from engines.parsing.parser import open_parser
from engines.reranking import open_reranker
from engines.retrieval import ObservedRetriever, Retriever
from engines.sessions import Sessions as SessionChanges
from logs import configure_logs
from persistence.chunks import Chunks
from persistence.database import open_database
from persistence.documents import Documents
from persistence.keywords import Keywords
from persistence.messages import Messages
from persistence.model_settings import ModelSettings
from persistence.originals import Originals
from persistence.outbox import Outbox
from persistence.sessions import Sessions
from persistence.vectors import open_vector_index, vector_worker
from records.document import Chunking
from records.settings import Limits, ServerSettings
from records.tracing import NoTracing, Tracer
from resolvers.context import Context
from schema import ids
from schema.build import build_schema
from settings import Settings, read_settings
from transport import (
    WEBSOCKET_OPTIONS,
    Download,
    Links,
    Observer,
    TransportSettings,
    create_middleware,
    create_routes,
    download_route,
)

VERSION = "0.1.0"
SECONDS_TO_STOP = 4
"""How long requests in flight may take to end, of the ten seconds in which the whole server has stopped."""
SILENT: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}

log = structlog.get_logger("graphlore")


class State(TypedDict):
    """What the application's lifespan hands to its requests."""

    context: Context
    exposition: Exposition


@asynccontextmanager
async def open_state(
    settings: Settings, limits: Limits, tracer: Tracer, traffic: Traffic, sign_link: Callable[[str], str]
) -> AsyncIterator[State]:
    """Open every owner of a resource, each inside the ones that it stands on; closed in the opposite order."""
    data = settings.data_dir
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        loop_lag = await enter(open_loop_lag())
        database = await enter(open_database(data / "graphlore.db"))
        documents, chunks, messages = Documents(database), Chunks(database), Messages(database)
        sessions = Sessions(database)
        originals = Originals(database, data / "originals", data / "incoming")
        await originals.sweep()
        embedder = await enter(open_embedder(prompt_worker(), document_worker()))
        vectors_spec = vector_worker(data / "graphlore.db", data / "chroma", embedder.model, embedder.dimensions)
        vectors = await enter(open_vector_index(vectors_spec, Outbox(database)))
        parser = await enter(open_parser(_parsing_limits(settings)))
        models: Models = await enter(open_models(ModelSettings(database), settings.models_folder))
        reranker = await enter(open_reranker(embedder, settings.reranker))
        searched = Retriever(documents, chunks, Keywords(database), vectors, embedder, reranker)
        retriever = ObservedRetriever(searched, tracer)
        session_changes, waits = SessionChanges(sessions), Waits()
        answerer = Answerer(documents, messages, retriever, models, tracer, waits)
        changed, queue = session_changes.changed, settings.max_queued_answers
        answers: Answers = await enter(
            open_answers(answerer, sessions, messages, models, SERVER_DEFAULTS, changed, queue)
        )
        feed = DocumentFeed(documents)
        originals_lock = asyncio.Lock()
        ingestion = Ingestion(
            documents,
            originals,
            feed,
            ParsingStage(documents, chunks, originals, parser, feed),
            EmbeddingStage(documents, chunks, vectors, embedder, feed),
            Deletion(documents, vectors, originals, feed, originals_lock),
            lambda: answers.running,
            settings.keep_originals,
            tracer,
        )
        await enter(open_ingestion(ingestion))
        sources = Sources(
            lambda: [
                *(worker.status() for worker in (vectors.worker, *embedder.workers, *reranker.workers, parser.worker)),
                *models.workers(),
            ],
            models.inference_status,
            ingestion.status,
            Storage(documents, vectors, originals, data / "chroma").read,
        )
        machine = Machine({"data": data, "models": settings.models_folder})
        metrics: Metrics = await enter(open_metrics(sources, machine, VERSION))
        context = Context(
            documents=documents,
            chunks=chunks,
            sessions=sessions,
            messages=messages,
            originals=originals,
            arrivals=_arrivals(settings, documents, originals, feed, ingestion, originals_lock),
            ingestion=ingestion,
            document_feed=feed,
            retriever=retriever,
            answers=answers,
            session_changes=session_changes,
            models=models,
            metrics=metrics,
            settings=ServerSettings(
                light_embedder=embedder.model,
                light_dimensions=embedder.dimensions,
                reranker=reranker.name,
                keep_originals=settings.keep_originals,
                session_defaults=SERVER_DEFAULTS,
            ),
            limits=limits,
            sign_link=sign_link,
        )
        counted = Counted(
            loop_lag,
            traffic,
            retriever.seconds,
            retriever.legs,
            ingestion.ends,
            answers.ends,
            sources.workers,
            waits,
        )
        yield {"context": context, "exposition": Exposition(counted)}
        log.info("stopping")


def _parsing_limits(settings: Settings) -> ParsingLimits:
    return ParsingLimits(file_bytes=settings.max_upload_bytes, characters=settings.max_characters)


def _arrivals(
    settings: Settings,
    documents: Documents,
    originals: Originals,
    feed: DocumentFeed,
    ingestion: Ingestion,
    originals_lock: asyncio.Lock,
) -> Arrivals:
    incoming = settings.data_dir / "incoming"
    return Arrivals(
        documents,
        originals,
        feed,
        ingestion.enqueue,
        incoming=incoming,
        import_roots=settings.import_roots,
        max_bytes=settings.max_upload_bytes,
        chunking=Chunking(),
        fetcher=Fetcher(incoming, settings.max_upload_bytes),
        originals_lock=originals_lock,
    )


def create_app(settings: Settings, tracer: Tracer, close_tracer: Callable[[], None] = lambda: None) -> Starlette:
    """`close_tracer` may block, and is called last: a signal may end the process as soon as the lifespan is over."""
    traffic = Traffic()
    limits = Limits(max_upload_bytes=settings.max_upload_bytes)
    transport = TransportSettings(
        incoming=settings.data_dir / "incoming",
        limits=limits,
        allowed_hosts=(*settings.allowed_hosts, settings.host),
        allowed_origins=settings.allowed_origins,
        access_token=settings.access_token.get_secret_value() if settings.access_token else None,
        introspection=settings.introspection,
        graphiql=settings.graphiql,
        observer=Observer(tracer, traffic),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[State]:
        _make_folders(settings)
        async with open_state(settings, limits, tracer, traffic, Links(transport.access_token).sign) as state:
            yield state
        await asyncio.to_thread(close_tracer)

    return Starlette(
        routes=[
            *create_routes(build_schema(), _context, transport),
            download_route("/documents/{id}/original", _original),
            Route("/health", _health),
            Route("/metrics", _metrics),
        ],
        middleware=create_middleware(transport),
        lifespan=lifespan,
    )


def _make_folders(settings: Settings) -> None:
    for folder in (settings.data_dir, settings.data_dir / "incoming", settings.models_folder):
        folder.mkdir(parents=True, exist_ok=True)


def _context(connection: HTTPConnection) -> Context:
    """A fresh one for each operation: its loaders must not outlive it."""
    context: Context = connection.state.context
    return replace(context)


async def _original(request: Request, global_id: str) -> Download | None:
    context: Context = request.state.context
    document_id = ids.DOCUMENT.find(global_id)
    document = await context.documents.find(document_id) if document_id is not None else None
    if document is None or not document.has_original:
        return None
    return Download(context.originals.path(document.sha256), document.name, document.media_type)


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _metrics(request: Request) -> Response:
    sample = await request.state.context.metrics.sample()
    return Response(request.state.exposition.render(sample), media_type=CONTENT_TYPE)


def make_tracing(endpoint: str | None) -> tuple[Tracer, Callable[[], None]]:
    """A tracer, and what sends its last spans. What it needs is imported only where there is a collector."""
    if endpoint is None:
        return NoTracing(), lambda: None
    from telemetry import Export

    export = Export(endpoint, VERSION)
    return export.tracer, export.close


def main(arguments: list[str]) -> int:
    settings = read_settings(arguments)
    configure_logs(settings.log_level.value, as_json=settings.log_format.value == "json")
    log.info("starting", address=f"http://{settings.host}:{settings.port}", data=str(settings.data_dir))
    config = uvicorn.Config(
        create_app(settings, *make_tracing(settings.otel_endpoint)),
        host=settings.host,
        port=settings.port,
        **SILENT,
        timeout_graceful_shutdown=SECONDS_TO_STOP,
        **WEBSOCKET_OPTIONS,
    )
    server = uvicorn.Server(config)
    gc.collect()
    gc.freeze()  # the schema and the modules stay: no later collection has to look through them
    # uvicorn raises the signal again once everything is closed: that is an end like any other, not one by force.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
