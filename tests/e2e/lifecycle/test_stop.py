"""SIGTERM with open streams and a running answer: clients get the reason, and the server stops in time."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.e2e.client import Client
from tests.e2e.process import Server, running_server
from tests.e2e.story import create_session, send, wait_for_model
from tests.support.served_graph import ANSWER, DOCUMENTS, METRICS
from tests.transport.websocket.client import Socket, open_socket
from transport.websocket.uvicorn_protocol import REASON, STOPPING

STREAMS = (
    METRICS,
    DOCUMENTS,
    "subscription { modelEvents { change } }",
    "subscription { sessionEvents { change } }",
)
MESSAGE = "query ($id: ID!) { message(id: $id) { status content error { code } } }"
WHOLE_SCHEMA = "{ __schema { types { name description fields { name description } } } }"
"""A query with a response of some hundred kilobytes."""


@asynccontextmanager
async def open_streams(server: Server, answer: str) -> AsyncIterator[list[Socket]]:
    """Open a socket for each kind of stream and one for all of them, and wait until every stream has sent an event."""
    operations: list[tuple[str, dict[str, str]]] = [(query, {}) for query in STREAMS]
    operations.append((ANSWER, {"id": answer}))
    async with AsyncExitStack() as stack:
        sockets = []
        for chosen in [*([each] for each in operations), operations]:
            opening = open_socket(f"127.0.0.1:{server.port}", max_queue=None)
            socket = await stack.enter_async_context(opening)
            await socket.initialise()
            for number, (query, variables) in enumerate(chosen):
                await socket.subscribe(str(number), query, **variables)
            begun = set[str]()
            while len(begun) < len(chosen):
                frame = await socket.receive()
                assert frame["type"] == "next", frame
                begun.add(frame["id"])
            sockets.append(socket)
        yield sockets


async def begin_request(server: Server, body: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send the headers of a request, and wait until the server requests the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nExpect: 100-continue\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    return reader, writer


@pytest.mark.timeout(120)
async def test_the_server_stops_in_time_and_closes_sockets_with_the_reason(data_dir: Path) -> None:
    async with running_server(data_dir) as server, Client(server.url) as client:
        await wait_for_model(client)
        session = await create_session(client, [], thinkingMode="DIRECT")
        sent = await send(client, session, "Tell me all about rivers.", sampling={"maxTokens": 4000})
        children = psutil.Process(server.pid).children(recursive=True)
        async with open_streams(server, sent["answer"]["id"]) as sockets:
            assert await server.stop() == 0
            closed = [await socket.close_code_and_reason() for socket in sockets]
        assert closed == [(STOPPING, REASON)] * len(sockets)
        assert psutil.wait_procs(children, timeout=5)[1] == []
        assert "Traceback" not in server.output.read_text()
    async with running_server(data_dir) as server, Client(server.url) as client:
        stored = (await client.run(MESSAGE, id=sent["answer"]["id"]))["message"]
        assert stored["status"] == "FAILED"
        assert stored["error"]["code"] == "INTERRUPTED"


@pytest.mark.timeout(120)
async def test_a_request_in_flight_is_answered_before_the_stop(data_dir: Path) -> None:
    async with running_server(data_dir) as server:
        body = json.dumps({"query": "{ limits { maxDepth } }"}).encode()
        reader, writer = await begin_request(server, body)
        server.process.send_signal(signal.SIGTERM)
        while "Shutting down" not in server.output.read_text():
            await asyncio.sleep(0.01)
        writer.write(body)
        assert (await reader.read()).endswith(b'{"data":{"limits":{"maxDepth":10}},"extensions":{"cost":2}}')
        writer.close()
        assert await server.process.wait() == 0


@pytest.mark.timeout(120)
async def test_clients_that_never_read_or_never_send_do_not_delay_the_stop(data_dir: Path) -> None:
    async with (
        running_server(data_dir) as server,
        open_socket(f"127.0.0.1:{server.port}", ping_interval=None) as socket,
    ):
        _, request = await begin_request(server, b"never sent")
        await socket.initialise()
        socket.connection.transport.pause_reading()
        for number in range(200):
            await socket.subscribe(str(number), WHOLE_SCHEMA)
        assert await server.stop() == 0
        socket.connection.transport.abort()
        request.transport.abort()
