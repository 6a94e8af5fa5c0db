"""The graph over full records in memory, served on a real port from a thread of its own."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette

from schema.build import build_schema
from tests.schema.full import full_graph
from transport import TransportSettings, create_middleware, create_routes


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """A real server in a thread, so that judges which block can ask it; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server ended at once"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def schema() -> strawberry.Schema:
    return build_schema()


@pytest.fixture(scope="session")
def served(schema: strawberry.Schema, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Every operation finds the records as they were at first, so that its answer hangs on nothing but itself."""
    settings = TransportSettings(incoming=tmp_path_factory.mktemp("incoming"))
    routes = create_routes(schema, lambda _: full_graph(schema).context(), settings)
    with serving(Starlette(routes=routes, middleware=create_middleware(settings))) as address:
        yield address
