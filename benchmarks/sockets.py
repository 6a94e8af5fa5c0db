"""Many clients of graphql-transport-ws at once, each with one subscription."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

AT_ONCE = 50
"""Handshakes at the same time: a thousand at one go would wait for each other."""


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
    """The next event's data. Raises `RuntimeError` at an error or the end."""
    frame = json.loads(await connection.recv())
    if frame["type"] != "next" or "errors" in frame["payload"]:
        raise RuntimeError(str(frame)[:400])
    return dict(frame["payload"]["data"])


@asynccontextmanager
async def open_watchers(
    url: str, count: int, query: str, heard: Callable[[str | bytes], None]
) -> AsyncIterator[list[ClientConnection]]:
    """`count` sockets that watch, each in a task of its own that hands every frame to `heard`."""
    turns = asyncio.Semaphore(AT_ONCE)
    connections: list[ClientConnection] = []

    async def watch() -> None:
        async with turns:
            connection = await open_socket(url)
            await subscribe(connection, query)
            heard(await connection.recv())
            connections.append(connection)
        try:
            async for frame in connection:
                heard(frame)
        except ConnectionClosed:
            return

    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(watch())
        while len(connections) < count:
            await asyncio.sleep(0.05)
        yield connections
        for connection in connections:
            connection.transport.abort()
