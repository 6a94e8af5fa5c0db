"""The routes for `/graphql` and its page, and the middleware of the whole server."""

from dataclasses import dataclass, field

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from strawberry import Schema

from records.configuration import Limits
from transport.execution.observed_operations import ObservedOperations, Observer
from transport.execution.operations import Contexts, TimeLimits
from transport.graphiql_page import load_page, page_routes
from transport.http.endpoint import GraphQLOverHTTP
from transport.request_ids import RequestIds
from transport.root_path import RootPath
from transport.security.access_guard import AccessGuard, Authenticate
from transport.security.host_guard import HostGuard, allowed_hosts
from transport.security.origin_guard import AllowedOriginsCORS, OriginGuard
from transport.security.security_headers import SecurityHeaders
from transport.security.signed_links import Links
from transport.uploads.incoming_file import IncomingFiles
from transport.websocket.endpoint import GraphQLOverWebSocket

__all__ = ["Contexts", "TransportSettings", "create_middleware", "create_routes"]

PATH = "/graphql"
HEALTH_PATHS = ("/health", "/health/live")
OPEN_PATHS = ("/", PATH, "/graphiql/", *HEALTH_PATHS)
"""Paths that the access guard allows without credentials: the GraphiQL page, health checks, and `/graphql`.

The page contains no data, and `/graphql` authenticates requests itself.
"""
ADMIN_PATHS = ("/metrics",)


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """Settings of the transport. `incoming` receives uploads.

    `allowed_hosts` are names in addition to this machine's own. `root_path` is the path of a reverse proxy without a slash
    at its end, or empty.
    """

    incoming: IncomingFiles
    limits: Limits = field(default_factory=Limits)
    times: TimeLimits = field(default_factory=TimeLimits)
    init_seconds: float = 10.0
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    root_path: str = ""
    introspection: bool = True
    graphiql: bool = True
    observer: Observer = field(default_factory=Observer)


def create_routes(schema: Schema, contexts: Contexts, settings: TransportSettings) -> list[BaseRoute]:
    """Create the routes of `/graphql`, over HTTP and WebSocket, and of its page."""
    operations = ObservedOperations(
        schema,
        contexts,
        settings.limits,
        settings.times,
        settings.observer,
        introspection=settings.introspection,
    )
    page = load_page() if settings.graphiql else None
    over_http = GraphQLOverHTTP(
        operations, settings.limits, settings.incoming, contexts.authenticate, contexts.check_upload,
        f"{settings.root_path}{PATH}", page.response if page else None,
    )  # fmt: skip
    over_websocket = GraphQLOverWebSocket(operations, contexts, settings.limits, settings.init_seconds)
    return [
        Route(PATH, over_http),
        WebSocketRoute(PATH, over_websocket.serve),
        *(page_routes(page) if page else ()),
    ]


def create_middleware(
    settings: TransportSettings, authenticate: Authenticate, links: Links | None = None
) -> list[Middleware]:
    """Create the middleware of the server, the outermost first. Without `links`, no signed link is accepted."""
    origins = frozenset(origin.lower().rstrip("/") for origin in settings.allowed_origins)
    # CORS is outside of the access guard, because a preflight request of a browser has no token.
    cors = [Middleware(AllowedOriginsCORS, origins)] if origins else []
    return [
        Middleware(RootPath, settings.root_path),
        Middleware(RequestIds, settings.observer.meter),
        Middleware(SecurityHeaders),
        Middleware(HostGuard, allowed_hosts(settings.allowed_hosts), HEALTH_PATHS),
        Middleware(OriginGuard, origins),
        *cors,
        Middleware(AccessGuard, authenticate, links, OPEN_PATHS, ADMIN_PATHS),
    ]
