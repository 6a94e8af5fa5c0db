"""The server: settings read once, the application with its routes, the command line."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bootstrap import State, open_state
from logs import configure_logs
from records.settings import Limits
from records.tracing import NoTracing, Tracer
from resolvers.request_context import Context
from schema.build import build_schema
from schema.common import global_ids
from services.ingestion import IncomingFiles
from services.metrics import RequestCounters
from services.metrics.prometheus.exposition import CONTENT_TYPE
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


def create_app(settings: Settings, tracer: Tracer, close_tracer: Callable[[], None] = lambda: None) -> Starlette:
    """`close_tracer` may block, and is called last: a signal may end the process as soon as the lifespan is over."""
    traffic = RequestCounters()
    limits = Limits(max_upload_bytes=settings.max_upload_bytes)
    transport = TransportSettings(
        incoming=IncomingFiles(settings.data_dir / "incoming", settings.max_upload_bytes),
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
        sign_link = Links(transport.access_token).sign
        async with open_state(settings, VERSION, limits, tracer, traffic, sign_link) as state:
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
    document_id = global_ids.DOCUMENT.find_key(global_id)
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
