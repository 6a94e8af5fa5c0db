"""The transport as the server mounts it: routes for `/graphql` and the page, and the guards around everything."""

from dataclasses import dataclass, field

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from strawberry import Schema

from records.settings import Limits
from transport.execution.execution import ContextFactory, TimeLimits
from transport.execution.observing import ObservedOperations, Observer
from transport.http.endpoint import GraphQLOverHTTP
from transport.page import open_page, page_routes
from transport.request_ids import RequestIds
from transport.security.security import (
    PREFLIGHT_HEADERS,
    AccessToken,
    HostGuard,
    OriginGuard,
    SecurityHeaders,
    TokenGuard,
    host_patterns,
)
from transport.security.signing import Links
from transport.uploads.incoming import IncomingFiles
from transport.websocket.endpoint import GraphQLOverWebSocket

__all__ = ["ContextFactory", "TransportSettings", "create_middleware", "create_routes"]

PATH = "/graphql"
OPEN_PATHS = ("/", PATH, "/graphiql/", "/health")
"""What is reached without the access token: the page, which shows nothing by itself, and `/graphql`, which asks for it."""


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """`incoming` receives uploads; `allowed_hosts` are names besides this machine's own."""

    incoming: IncomingFiles
    limits: Limits = field(default_factory=Limits)
    times: TimeLimits = field(default_factory=TimeLimits)
    init_seconds: float = 10.0
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    access_token: str | None = None
    introspection: bool = True
    graphiql: bool = True
    observer: Observer = field(default_factory=Observer)


def create_routes(schema: Schema, context_factory: ContextFactory, settings: TransportSettings) -> list[BaseRoute]:
    token = AccessToken(settings.access_token)
    operations = ObservedOperations(
        schema,
        context_factory,
        settings.limits,
        settings.times,
        settings.observer,
        introspection=settings.introspection,
    )
    page = open_page() if settings.graphiql else None
    over_http = GraphQLOverHTTP(operations, settings.limits, settings.incoming, token, page.show if page else None)
    over_websocket = GraphQLOverWebSocket(operations, settings.limits, token, settings.init_seconds)
    return [
        Route(PATH, over_http),
        WebSocketRoute(PATH, over_websocket.serve),
        *(page_routes(page) if page else ()),
    ]


def create_middleware(settings: TransportSettings) -> list[Middleware]:
    """From the outside in."""
    origins = [origin.lower().rstrip("/") for origin in settings.allowed_origins]
    token, links = AccessToken(settings.access_token), Links(settings.access_token)
    guards = [
        Middleware(RequestIds, settings.observer.meter),
        Middleware(SecurityHeaders),
        Middleware(HostGuard, host_patterns(settings.allowed_hosts), www_redirect=False),
        Middleware(OriginGuard, origins),
        Middleware(TokenGuard, token, links, OPEN_PATHS),
    ]
    if origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type", *PREFLIGHT_HEADERS),
            max_age=600,
        )
        guards.insert(-1, cors)  # a browser's preflight brings no token
    return guards
