"""Clients that do not read, break off, or go too far: what they held is given back, and nobody else notices."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET

import pytest
import uvicorn
from starlette.types import ASGIApp
from websockets.frames import Frame, Opcode

from records.settings import Limits
from services.ingestion import IncomingFiles
from tests.transport.conftest import running
from tests.transport.library import Shelf, library
from tests.transport.sockets import Socket, open_socket
from transport import TransportSettings
from transport.websocket.uvicorn_protocol import REASON, STOPPING, UNREAD, WebSocketProtocol

IMPATIENT = {"ws_ping_interval": 0.1, "ws_ping_timeout": 0.1}
FIREHOSE = "subscription { forever(size: 100000) }"


@pytest.fixture
def app(incoming: Path, shelf: Shelf) -> ASGIApp:
    return library(incoming, shelf)


@pytest.fixture
async def server(app: ASGIApp) -> AsyncIterator[tuple[uvicorn.Server, str]]:
    async with running(app) as opened:
        yield opened


async def until_gone(server: uvicorn.Server) -> None:
    """No connection and no task of one is left."""
    while server.server_state.connections or server.server_state.tasks:
        await asyncio.sleep(0.01)


def connections(server: uvicorn.Server) -> list[WebSocketProtocol]:
    return [each for each in server.server_state.connections if isinstance(each, WebSocketProtocol)]


def stop_reading(socket: Socket) -> None:
    socket.connection.transport.pause_reading()


async def test_a_client_that_never_reads_is_cut_off(app: ASGIApp, shelf: Shelf) -> None:
    async with running(app, **IMPATIENT) as (server, address), open_socket(address, ping_interval=None) as socket:
        await socket.initialise()
        await socket.subscribe("1", FIREHOSE)
        await socket.receive()
        stop_reading(socket)
        assert (len(connections(server)), shelf.open_streams) == (1, 1)
        await shelf.until_no_stream_is_open()
        await until_gone(server)
        assert (len(connections(server)), shelf.open_streams) == (0, 0)
        assert not socket.connection.transport.is_closing(), "it was the server that ended it"
        socket.connection.transport.abort()


async def test_what_waits_for_a_client_that_never_reads_is_bounded(
    server: tuple[uvicorn.Server, str], shelf: Shelf
) -> None:
    async with open_socket(server[1]) as socket:
        await socket.initialise()
        await socket.subscribe("1", FIREHOSE)
        await socket.receive()
        stop_reading(socket)
        (connection,) = connections(server[0])
        while connection.writable.is_set():
            await asyncio.sleep(0.01)
        pulled = shelf.pulled
        for _ in range(100):
            await asyncio.sleep(0)
        assert shelf.pulled <= pulled + 1
        assert connection.transport.get_write_buffer_size() < 300_000
        socket.connection.transport.abort()


async def test_pings_of_a_client_that_never_reads_fill_no_memory(server: tuple[uvicorn.Server, str]) -> None:
    async with open_socket(server[1], ping_interval=None) as socket:
        await socket.initialise()
        (connection,) = connections(server[0])
        connection.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
        stop_reading(socket)
        ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 1000
        for _ in range(40):
            socket.connection.transport.write(ping)
            await asyncio.sleep(0)
        while socket.connection.transport.get_write_buffer_size():  # until the server has read them all
            await asyncio.sleep(0.01)
        assert connection.transport.get_write_buffer_size() < 2 * UNREAD
        socket.connection.transport.abort()


async def test_an_event_that_crosses_the_close_frame_is_nobodys_mistake(
    server: tuple[uvicorn.Server, str], shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that is too big is refused below us, while streams are sending."""
    for _ in range(5):
        async with open_socket(server[1]) as socket:
            await socket.initialise()
            for own in ("1", "2", "3"):
                await socket.subscribe(own, FIREHOSE)
            await socket.receive()
            await socket.send({"type": "ping", "payload": {"x": "y" * (1 << 20)}})
            # Where the server did not read all of it, the system resets the connection and may drop the close frame.
            assert await socket.closed_with() in (1009, 1006)
    await shelf.until_no_stream_is_open()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_message_in_pieces_is_too_big_when_its_sum_is(server: tuple[uvicorn.Server, str]) -> None:
    async with open_socket(server[1]) as socket:
        await socket.initialise()
        await socket.connection.send(["x" * 300_000] * 4)
        assert await socket.closed_with() == 1009


async def test_a_client_that_says_goodbye_without_reading_is_not_waited_for_for_ever(
    server: tuple[uvicorn.Server, str], shelf: Shelf
) -> None:
    async with open_socket(server[1], ping_interval=None) as socket:
        await socket.initialise()
        await socket.subscribe("1", FIREHOSE)
        await socket.receive()
        (connection,) = connections(server[0])
        connection.close_timeout = 0.05
        stop_reading(socket)
        while connection.writable.is_set():
            await asyncio.sleep(0.01)
        assert shelf.open_streams == 1
        socket.connection.transport.write(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
        await shelf.until_no_stream_is_open()
        await until_gone(server[0])
        assert connections(server[0]) == []
        socket.connection.transport.abort()


async def test_sockets_are_told_why_they_are_closed_when_the_server_stops(app: ASGIApp, shelf: Shelf) -> None:
    async with running(app) as (server, address), open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", "subscription { silence }")
        while not shelf.open_streams:
            await shelf.changed.wait()
        server.should_exit = True
        assert await socket.closed_because() == (STOPPING, REASON)
        await shelf.until_no_stream_is_open()


def test_the_bounds_are_those_that_are_documented() -> None:
    limits = Limits()
    assert limits.max_subscriptions_per_connection == 25
    assert limits.max_request_bytes == 1 << 20
    assert TransportSettings(IncomingFiles(Path(), 1 << 20)).init_seconds == 10
