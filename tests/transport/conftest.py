"""Clients of the small library, in this process and over real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from tests.transport.library import Shelf, library
from transport import WEBSOCKET_OPTIONS

Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    return tmp_path / "incoming"


@pytest.fixture
def connect(incoming: Path, shelf: Shelf) -> Connect:
    """Opens a client of a library with some settings."""

    def opened(**settings: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(library(incoming, shelf, **settings))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")

    return opened


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    async with connect() as opened:
        yield opened


@asynccontextmanager
async def running(app: ASGIApp, **options: Any) -> AsyncIterator[tuple[uvicorn.Server, str]]:
    """A real server on a free port of this machine, with its host and port."""
    options = WEBSOCKET_OPTIONS | {"timeout_graceful_shutdown": 5} | options
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", **options))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server._serve([listening]))
            while not server.started:
                await asyncio.sleep(0.01)
            yield server, f"127.0.0.1:{listening.getsockname()[1]}"
            server.should_exit = True


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    async with running(app) as (_, address):
        yield address


@pytest.fixture
def serve(incoming: Path, shelf: Shelf) -> Serve:
    return lambda **settings: serving(library(incoming, shelf, **settings))
