"""A minimal GraphQL client over HTTP and WebSocket."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

Json = dict[str, Any]


class GraphQLFailure(AssertionError):
    """The response has top-level errors."""


class Client:
    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=url, timeout=120, headers=self._headers)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def run(self, query: str, **variables: Any) -> Json:
        """Execute a query or mutation and return its data; top-level errors fail the test."""
        reply = await self._http.post("/graphql", json={"query": query, "variables": variables})
        return _data(reply.json())

    async def raw(self, query: str, **variables: Any) -> httpx.Response:
        """Execute a query or mutation and return the HTTP response."""
        return await self._http.post("/graphql", json={"query": query, "variables": variables})

    async def post_text(self, body: str) -> httpx.Response:
        """Send a body of JSON text as it is and return the HTTP response."""
        return await self._http.post("/graphql", content=body, headers={"Content-Type": "application/json"})

    async def get(self, path: str) -> httpx.Response:
        return await self._http.get(path)

    async def upload(self, file: Path, name: str | None = None, **details: Any) -> Json:
        """Upload a file and return the result of `uploadDocument`."""
        operations = {
            "query": """mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
                __typename
                ... on UploadDocumentSuccess { duplicate document { id name status mediaType sha256 byteSize } }
                ... on Error { code message path } } }""",
            "variables": {"input": {"file": None, **details}},
        }
        with file.open("rb") as opened:
            reply = await self._http.post(
                "/graphql",
                data={"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.input.file"]})},
                files={"0": (name or file.name, opened)},
                headers={"GraphQL-Require-Preflight": "1"},
            )
        return cast(Json, _data(reply.json())["uploadDocument"])

    @asynccontextmanager
    async def subscribe(self, query: str, **variables: Any) -> AsyncIterator[AsyncIterator[Json]]:
        """Yield the events of one subscription over a socket of its own."""
        async with self.socket() as socket:
            yield socket.subscribe(query, **variables)

    @asynccontextmanager
    async def socket(self) -> AsyncIterator["Socket"]:
        address = self.url.replace("http", "ws", 1) + "/graphql"
        protocols = [Subprotocol("graphql-transport-ws")]
        async with connect(
            address, subprotocols=protocols, max_size=None, additional_headers=self._headers
        ) as connection:
            await connection.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await connection.recv())["type"] == "connection_ack"
            yield Socket(connection)


class Socket:
    """A connection with one subscription at a time."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)

    async def subscribe(self, query: str, **variables: Any) -> AsyncIterator[Json]:
        operation_id = str(next(self._ids))
        payload = {"query": query, "variables": variables}
        await self._connection.send(json.dumps({"id": operation_id, "type": "subscribe", "payload": payload}))
        while True:
            frame = json.loads(await self._connection.recv())
            if frame["type"] == "ping":
                await self._connection.send(json.dumps({"type": "pong"}))
            elif frame["type"] == "next":
                yield _data(frame["payload"])
            elif frame["type"] == "error":
                raise GraphQLFailure(frame["payload"])
            elif frame["type"] == "complete":
                return


def _data(reply: Json) -> Json:
    if reply.get("errors"):
        raise GraphQLFailure(reply["errors"])
    return cast(Json, reply["data"])
