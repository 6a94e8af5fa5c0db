"""A real HTTP server for the schema over complete in-memory records."""

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
from services.ingestion import IncomingFiles
from tests.fakes.authentication import make_contexts
from tests.schema.full_graph import full_graph
from transport import TransportSettings, create_middleware, create_routes


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an application from a thread, so that blocking tools can send requests to it; yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server ended at once"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def schema() -> strawberry.Schema:
    return build_schema()


@pytest.fixture(scope="session")
def served(schema: strawberry.Schema, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that gives each operation fresh records, so that results do not depend on their order."""
    settings = TransportSettings(incoming=IncomingFiles(tmp_path_factory.mktemp("incoming"), 1 << 20))
    contexts = make_contexts(lambda _, __: full_graph(schema).context())
    routes = create_routes(schema, contexts, settings)
    with serving(Starlette(routes=routes, middleware=create_middleware(settings, contexts.authenticate))) as address:
        yield address
