"""Clients of the book graph, in this process and over real connections."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import httpx
import pytest
from starlette.types import ASGIApp

from tests.transport.book_graph import create_book_app
from tests.transport.probe import Probe
from transport import HTTPServer

Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def probe() -> Probe:
    return Probe()


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    return tmp_path / "incoming"


@pytest.fixture
def connect(incoming: Path, probe: Probe) -> Connect:
    """Return a function that opens a client of the book graph with transport settings."""

    def open_client(**settings: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(create_book_app(incoming, probe, **settings))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")

    return open_client


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    async with connect() as opened:
        yield opened


@asynccontextmanager
async def running_server(app: ASGIApp, **options: Any) -> AsyncIterator[tuple[HTTPServer, str]]:
    """Run a real server on a free port of this machine; yield it with its host and port."""
    server = HTTPServer(app, **options)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listening])
            while not server.started:
                await anyio.sleep(0.01)
            yield server, f"127.0.0.1:{listening.getsockname()[1]}"
            server.should_exit = True


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Run a real server; yield its host and port."""
    async with running_server(app) as (_, address):
        yield address


@pytest.fixture
def serve(incoming: Path, probe: Probe) -> Serve:
    """Return a function that runs a server of the book graph with transport settings."""
    return lambda **settings: serving(create_book_app(incoming, probe, **settings))
