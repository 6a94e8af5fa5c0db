"""The transport: GraphQL over HTTP and WebSocket, uploads, downloads, security, the GraphiQL page, the HTTP server.

It receives a schema and a function that creates contexts, and is independent of the application's types. `routes.py`
connects the parts; `execution/` runs the operations of all transports. Decision 0004 explains why Strawberry's own view is
not used.
"""

from transport.downloads import Download, download_route
from transport.execution.observed_operations import Observer
from transport.http_server import AddressUnusable, HTTPServer, bind_sockets, close_sockets, loop_factory
from transport.routes import Contexts, TransportSettings, create_middleware, create_routes
from transport.security.signed_links import Links, link_holder
from transport.websocket.uvicorn_protocol import WEBSOCKET_OPTIONS

__all__ = [
    "WEBSOCKET_OPTIONS",
    "AddressUnusable",
    "Contexts",
    "Download",
    "HTTPServer",
    "Links",
    "Observer",
    "TransportSettings",
    "bind_sockets",
    "close_sockets",
    "create_middleware",
    "create_routes",
    "download_route",
    "link_holder",
    "loop_factory",
]
