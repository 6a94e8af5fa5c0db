"""A client of graphql-transport-ws that can send anything."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

PROTOCOL = Subprotocol("graphql-transport-ws")


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, frame: Any) -> None:
        await self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def initialise(self, payload: Any = None) -> None:
        await self.send({"type": "connection_init"} | ({} if payload is None else {"payload": payload}))
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, own: str, query: str, **variables: Any) -> None:
        await self.send({"type": "subscribe", "id": own, "payload": {"query": query, "variables": variables}})

    async def receive(self) -> Any:
        return json.loads(await self.connection.recv())

    async def until_complete(self, own: str) -> list[Any]:
        """Payloads of one operation's events; an `error` frame counts as the last one."""
        payloads = []
        while (frame := await self.receive())["type"] != "complete":
            assert frame["id"] == own
            payloads.append(frame["payload"])
            if frame["type"] == "error":
                break
        return payloads

    async def closed_with(self) -> int | None:
        """The code that the server closes with; whatever it sends before is passed over."""
        try:
            while True:
                await self.connection.recv()
        except ConnectionClosed:
            return self.connection.close_code

    async def closed_because(self) -> tuple[int | None, str]:
        """Code and reason."""
        return await self.closed_with(), self.connection.close_reason or ""


@asynccontextmanager
async def open_socket(address: str, *, origin: str | None = None, **options: Any) -> AsyncIterator[Socket]:
    options = {"subprotocols": [PROTOCOL], "max_size": None, "proxy": None} | options
    async with connect(f"ws://{address}/graphql", origin=Origin(origin) if origin else None, **options) as connection:
        yield Socket(connection)
