"""Clients that do not read, disconnect, or exceed limits: their resources are released, other clients are unaffected."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET

import anyio
import pytest
from starlette.types import ASGIApp
from websockets.frames import Frame, Opcode

from records.configuration import Limits
from services.ingestion import IncomingFiles
from tests.support.own_task import in_own_task
from tests.transport.book_graph import create_book_app
from tests.transport.conftest import running_server
from tests.transport.probe import Probe
from tests.transport.websocket.client import Socket, open_socket
from transport import HTTPServer, TransportSettings
from transport.websocket.uvicorn_protocol import MAX_UNREAD, REASON, STOPPING, WebSocketProtocol

IMPATIENT = {"ws_ping_interval": 0.1, "ws_ping_timeout": 0.1}
FIREHOSE = "subscription { forever(size: 100000) }"


@pytest.fixture
def app(incoming: Path, probe: Probe) -> ASGIApp:
    return create_book_app(incoming, probe)


@pytest.fixture
async def server(app: ASGIApp) -> AsyncIterator[tuple[HTTPServer, str]]:
    async with in_own_task(running_server(app)) as opened:
        yield opened


async def until_disconnected(server: HTTPServer) -> None:
    """Wait until all connections and their tasks have ended."""
    while server.server_state.connections or server.server_state.tasks:
        await anyio.sleep(0.01)


def connections(server: HTTPServer) -> list[WebSocketProtocol]:
    return [each for each in server.server_state.connections if isinstance(each, WebSocketProtocol)]


def stop_reading(socket: Socket) -> None:
    socket.connection.transport.pause_reading()


async def test_a_client_that_never_reads_is_disconnected(app: ASGIApp, probe: Probe) -> None:
    async with (
        running_server(app, **IMPATIENT) as (server, address),
        open_socket(address, ping_interval=None) as socket,
    ):
        await socket.initialise()
        await socket.subscribe("1", FIREHOSE)
        await socket.receive()
        stop_reading(socket)
        assert (len(connections(server)), probe.open_streams) == (1, 1)
        await probe.until_open_streams(0)
        await until_disconnected(server)
        assert (len(connections(server)), probe.open_streams) == (0, 0)
        assert not socket.connection.transport.is_closing(), "the server closed the connection"
        socket.connection.transport.abort()


async def test_the_unsent_bytes_of_a_client_that_never_reads_are_limited(
    server: tuple[HTTPServer, str], probe: Probe
) -> None:
    async with open_socket(server[1]) as socket:
        await socket.initialise()
        await socket.subscribe("1", FIREHOSE)
        await socket.receive()
        stop_reading(socket)
        (connection,) = connections(server[0])
        while connection.writable.is_set():
            await anyio.sleep(0.01)
        pulled = probe.events
        for _ in range(100):
            await anyio.sleep(0)
        assert probe.events <= pulled + 1
        assert connection.transport.get_write_buffer_size() < 300_000
        socket.connection.transport.abort()


async def test_pings_of_a_client_that_never_reads_do_not_fill_the_memory(server: tuple[HTTPServer, str]) -> None:
    async with open_socket(server[1], ping_interval=None) as socket:
        await socket.initialise()
        (connection,) = connections(server[0])
        connection.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
        stop_reading(socket)
        ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 1000
        for _ in range(40):
            socket.connection.transport.write(ping)
            await anyio.sleep(0)
        while socket.connection.transport.get_write_buffer_size():  # until the server has read all of them
            await anyio.sleep(0.01)
        assert connection.transport.get_write_buffer_size() < 2 * MAX_UNREAD
        socket.connection.transport.abort()


async def test_an_event_that_crosses_the_close_frame_is_no_error(
    server: tuple[HTTPServer, str], probe: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that is too big makes the server close the socket while its streams are still sending."""
    for _ in range(5):
        async with open_socket(server[1]) as socket:
            await socket.initialise()
            for own in ("1", "2", "3"):
                await socket.subscribe(own, FIREHOSE)
            await socket.receive()
            await socket.send({"type": "ping", "payload": {"x": "y" * (1 << 20)}})
            # If the server has not read the whole message, the system resets the connection and may drop the close frame.
            assert await socket.close_code() in (1009, 1006)
    await probe.until_open_streams(0)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_message_in_pieces_is_limited_by_its_total_size(server: tuple[HTTPServer, str]) -> None:
    async with open_socket(server[1]) as socket:
        await socket.initialise()
        await socket.connection.send(["x" * 300_000] * 4)
        assert await socket.close_code() == 1009


async def test_a_client_that_closes_without_reading_is_disconnected_after_a_timeout(
    server: tuple[HTTPServer, str], probe: Probe
) -> None:
    async with open_socket(server[1], ping_interval=None) as socket:
        await socket.initialise()
        await socket.subscribe("1", FIREHOSE)
        await socket.receive()
        (connection,) = connections(server[0])
        connection.close_timeout = 0.05
        stop_reading(socket)
        while connection.writable.is_set():
            await anyio.sleep(0.01)
        assert probe.open_streams == 1
        socket.connection.transport.write(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
        await probe.until_open_streams(0)
        await until_disconnected(server[0])
        assert connections(server[0]) == []
        socket.connection.transport.abort()


async def test_sockets_receive_the_reason_when_the_server_stops(app: ASGIApp, probe: Probe) -> None:
    async with running_server(app) as (server, address), open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", "subscription { silence }")
        await probe.until_open_streams(1)
        server.stop()
        assert await socket.close_code_and_reason() == (STOPPING, REASON)
        await probe.until_open_streams(0)


def test_the_limits_are_the_documented_ones() -> None:
    limits = Limits()
    assert limits.max_subscriptions_per_connection == 25
    assert limits.max_request_bytes == 1 << 20
    assert TransportSettings(IncomingFiles(Path(), 1 << 20)).init_seconds == 10
