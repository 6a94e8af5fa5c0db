"""A client of graphql-transport-ws that can send invalid frames."""

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
        """Send text or bytes as they are, anything else as JSON."""
        await self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def initialise(self, payload: Any = None) -> None:
        await self.send({"type": "connection_init"} | ({} if payload is None else {"payload": payload}))
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, id: str, query: str, /, **variables: Any) -> None:
        await self.send({"type": "subscribe", "id": id, "payload": {"query": query, "variables": variables}})

    async def receive(self) -> Any:
        return json.loads(await self.connection.recv())

    async def until_complete(self, id: str) -> list[Any]:
        """Return the payloads of one operation until its end; the errors of an `error` frame are the last payload."""
        payloads = []
        while (frame := await self.receive())["type"] != "complete":
            assert frame["id"] == id
            payloads.append(frame["payload"])
            if frame["type"] == "error":
                break
        return payloads

    async def close_code(self) -> int | None:
        """Return the code that the server closes with; frames before the close are skipped."""
        try:
            while True:
                await self.connection.recv()
        except ConnectionClosed:
            return self.connection.close_code

    async def close_code_and_reason(self) -> tuple[int | None, str]:
        return await self.close_code(), self.connection.close_reason or ""


@asynccontextmanager
async def open_socket(address: str, *, origin: str | None = None, **options: Any) -> AsyncIterator[Socket]:
    options = {"subprotocols": [PROTOCOL], "max_size": None, "proxy": None} | options
    async with connect(f"ws://{address}/graphql", origin=Origin(origin) if origin else None, **options) as connection:
        yield Socket(connection)
