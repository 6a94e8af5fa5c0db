"""The server: creates the application with its routes, and runs it from the command line until it is stopped."""

import gc
import socket
import sys
import tomllib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from http import HTTPStatus
from pathlib import Path

import anyio
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from strawberry import Schema

from bootstrap import Components, Inputs, StartFailed, StopRequest, open_components, open_data_folder
from concurrency import Supervisor, open_supervisor, open_task_group
from logs import configure_logs
from records.access import Exchange, Viewer
from records.configuration import Limits
from records.tracing import NoTracing, Tracer
from resolvers.request_context import Context
from schema import permissions
from schema.build import build_schema
from schema.common import global_ids
from services.ingestion import IncomingFiles
from services.metrics import RequestCounters
from services.metrics.prometheus.exposition import CONTENT_TYPE
from settings import Settings, read_settings, variable
from transport import (
    AddressUnusable,
    Contexts,
    Download,
    HTTPServer,
    Links,
    Observer,
    TransportSettings,
    bind_sockets,
    close_sockets,
    create_middleware,
    create_routes,
    download_route,
    link_holder,
    loop_factory,
)

log = structlog.get_logger("graphlore")

SET_UP = """
Nobody has an account on this server yet. The first account is that of the superadmin. Sign up with this set-up code as
the invitation; it is valid until the server stops:

    {code}

"""

ComponentsOpener = Callable[[Supervisor, Inputs], AbstractAsyncContextManager[Components]]


def create_app(components: Components, schema: Schema, transport: TransportSettings) -> Starlette:
    """Create the application: `/graphql` with its page, downloads, health checks and metrics."""
    authentication, links = components.authentication, Links(components.link_key)

    def create_context(viewer: Viewer, exchange: Exchange) -> Context:
        def sign_link(path: str) -> str:
            return transport.root_path + (links.sign(path, viewer) if authentication.needs_credentials else path)

        return components.create_context(viewer=viewer, exchange=exchange, sign_link=sign_link)

    contexts = Contexts(
        authentication.authenticate,
        permissions.authorize,
        authentication.watch,
        create_context,
        components.check_upload,
    )

    async def find_original(request: Request, global_id: str) -> Download | None:
        holder = link_holder(request)
        viewer = await (
            authentication.authenticate(request.headers.get("authorization"))
            if holder is None
            else authentication.authenticate_link(holder.user_id, holder.login_id)
        )
        context = create_context(viewer, Exchange())
        document_id = global_ids.DOCUMENT.find_key(global_id)
        document = await context.documents.find(context.scope, document_id) if document_id is not None else None
        if document is None or not document.has_original:
            return None
        return Download(context.originals.path(document.sha256), document.name, document.media_type)

    return Starlette(
        routes=[
            *create_routes(schema, contexts, transport),
            download_route("/documents/{id}/original", find_original),
            *create_status_routes(components),
        ],
        middleware=create_middleware(transport, authentication.authenticate, links),
    )


def create_status_routes(components: Components) -> list[Route]:
    """Create the routes of health checks and of metrics for Prometheus."""

    async def health(_: Request) -> Response:
        problems = await components.health.problems()
        if problems:
            return JSONResponse({"status": "error", "reasons": problems}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"status": "ok"})

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def metrics(_: Request) -> Response:
        sample = await components.metrics.sample()
        return Response(components.exposition.render(sample), media_type=CONTENT_TYPE)

    return [Route("/health", health), Route("/health/live", alive), Route("/metrics", metrics)]


async def serve(settings: Settings, sockets: list[socket.socket], tracer: Tracer, opener: ComponentsOpener) -> bool:
    """Open the components, serve until a signal or the failure of a background loop, and close the components.

    Return True if no loop failed.

    Raises `StartFailed` if a component cannot be opened, `AddressUnusable` if the server cannot listen on an address, and
    unexpected errors of the components.
    """
    stop, requests, schema = StopRequest(), RequestCounters(), build_schema()
    transport = transport_settings(settings, Observer(tracer, requests))
    inputs = Inputs(
        settings,
        transport.limits,
        tracer,
        requests,
        read_version(),
    )
    async with open_task_group() as tasks:
        await tasks.start(stop.watch_signals)
        with stop.starting:
            async with open_supervisor(stop.fail) as supervisor, opener(supervisor, inputs) as components:
                if components.set_up_code is not None:
                    sys.stderr.write(SET_UP.format(code=components.set_up_code))
                if not stop.is_requested:
                    server = HTTPServer(create_app(components, schema, transport))
                    stop.stop_server = server.stop
                    gc.collect()
                    gc.freeze()  # later collections need not visit the schema and the modules
                    await server.serve(sockets)
                log.info("stopping")
    return not stop.is_failure


def transport_settings(settings: Settings, observer: Observer) -> TransportSettings:
    return TransportSettings(
        incoming=IncomingFiles(settings.data_dir / "incoming", settings.max_upload_bytes),
        limits=Limits(max_upload_bytes=settings.max_upload_bytes),
        allowed_hosts=(*settings.allowed_hosts, settings.host),
        allowed_origins=settings.allowed_origins,
        root_path=settings.root_path,
        introspection=settings.introspection,
        graphiql=settings.graphiql,
        observer=observer,
    )


def read_version() -> str:
    """Return the version of Graphlore, from `pyproject.toml`."""
    project = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def make_tracing(endpoint: str | None) -> tuple[Tracer, Callable[[], None]]:
    """Return a tracer, and a function that sends the remaining spans before the process ends.

    If `endpoint` is None, nothing is traced, and OpenTelemetry is not imported.
    """
    if endpoint is None:
        return NoTracing(), lambda: None
    from telemetry import Export

    export = Export(endpoint, read_version())
    return export.tracer, export.close


def run(settings: Settings, opener: ComponentsOpener) -> int:
    """Run the server and return the exit code of the process.

    The data folder is locked and the port is bound before anything is changed. Raises `StartFailed`, `AddressUnusable`,
    and unexpected errors of the components.
    """
    log.info("starting", version=read_version(), data_folder=str(settings.data_dir))
    with ExitStack() as stack:
        stack.enter_context(open_data_folder(settings))
        sockets = bind_sockets(settings.host, settings.port)
        stack.callback(close_sockets, sockets)
        tracer, close_tracer = make_tracing(settings.otel_endpoint)
        stack.callback(close_tracer)
        options = {"loop_factory": loop_factory()}
        has_ended_well = anyio.run(serve, settings, sockets, tracer, opener, backend_options=options)
    return 0 if has_ended_well else 1


def main(arguments: list[str], opener: ComponentsOpener = open_components) -> int:
    """Run the server until it is stopped and return the exit code: 0, or 1 after an error. Invalid settings exit with 2."""
    settings = read_settings(arguments)
    configure_logs(settings.log_level.value, as_json=settings.log_format.value == "json")
    try:
        return run(settings, opener)
    except StartFailed as failure:
        log.error("start failed", reason=str(failure))
    except AddressUnusable as failure:
        advice = f"Stop the program that uses the port, or change {variable('host')} and {variable('port')}."
        log.error("start failed", reason=f"{failure} {advice}")
    except Exception as error:  # boundary of the process: logged without the text of the exception
        log.critical("server failed", exc_info=error)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
