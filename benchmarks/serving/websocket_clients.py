"""Clients of graphql-transport-ws, each with one subscription."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

MAX_HANDSHAKES = 50
"""Maximum number of simultaneous handshakes. A thousand at the same time would run into the open timeout."""


async def open_socket(url: str) -> ClientConnection:
    address = url.replace("http", "ws", 1) + "/graphql"
    connection = await connect(
        address, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None, open_timeout=60, ping_interval=None
    )
    await connection.send('{"type": "connection_init"}')
    assert json.loads(await connection.recv())["type"] == "connection_ack"
    return connection


async def subscribe(connection: ClientConnection, query: str, **variables: Any) -> None:
    payload = {"query": query, "variables": variables}
    await connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))


async def receive(connection: ClientConnection) -> dict[str, Any]:
    """Return the data of the next event. Raises `RuntimeError` if the frame is an error or the end."""
    frame = json.loads(await connection.recv())
    if frame["type"] != "next" or "errors" in frame["payload"]:
        raise RuntimeError(str(frame)[:400])
    return dict(frame["payload"]["data"])


@asynccontextmanager
async def open_subscribers(
    url: str, count: int, query: str, on_frame: Callable[[str | bytes], None]
) -> AsyncIterator[list[ClientConnection]]:
    """Open `count` sockets that subscribe to `query`; abort them at the end.

    Each socket has its own task, which calls `on_frame` with every frame.
    """
    handshakes = asyncio.Semaphore(MAX_HANDSHAKES)
    connections: list[ClientConnection] = []

    async def follow() -> None:
        async with handshakes:
            connection = await open_socket(url)
            await subscribe(connection, query)
            on_frame(await connection.recv())
            connections.append(connection)
        try:
            async for frame in connection:
                on_frame(frame)
        except ConnectionClosed:
            return

    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(follow())
        while len(connections) < count:
            await asyncio.sleep(0.05)
        yield connections
        for connection in connections:
            connection.transport.abort()
