"""What speaks bytes: GraphQL over HTTP and WebSocket, uploads, downloads, the guards at the door, GraphiQL's files.

It is handed a schema and a factory of contexts, and never knows a noun. `routes.py` puts the parts together; everything
that runs an operation goes through `execution.py`. Why this is not Strawberry's own view stands in decision 0004.
"""

from transport.downloads import Download, download_route
from transport.execution.observing import Observer
from transport.routes import ContextFactory, TransportSettings, create_middleware, create_routes
from transport.security.signing import Links
from transport.websocket.uvicorn_protocol import WEBSOCKET_OPTIONS

__all__ = [
    "WEBSOCKET_OPTIONS",
    "ContextFactory",
    "Download",
    "Links",
    "Observer",
    "TransportSettings",
    "create_middleware",
    "create_routes",
    "download_route",
]
