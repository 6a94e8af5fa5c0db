"""A minimal GraphQL client: queries and uploads over HTTP, subscriptions over graphql-transport-ws."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self, cast

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

Json = dict[str, Any]


class RequestFailed(Exception):
    """The server returned an error. The message is written for users."""


class Client:
    """A client of the server at `url`, such as http://127.0.0.1:8000. `token` is its access token, if it has one."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url.rstrip("/") + "/graphql"
        self._authorization = {"Authorization": f"Bearer {token}"} if token else {}
        accept = {"Accept": "application/graphql-response+json"}
        self._http = httpx.AsyncClient(headers=accept | self._authorization, timeout=None)  # noqa: S113

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def run(self, operation: str, **variables: Any) -> Json:
        """Run a query or mutation with one root field and return the data of that field.

        Raises `RequestFailed` if the field is an error.
        """
        reply = await self._http.post(self._url, json={"query": operation, "variables": variables})
        return _root(reply.json())

    async def upload(self, operation: str, file: Path, **variables: Any) -> Json:
        """Run a mutation with the file as `input.file`, as a GraphQL multipart request; otherwise like `run`."""
        values = variables.pop("input", {}) | {"file": None}
        operations = {"query": operation, "variables": variables | {"input": values}}
        fields = {"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.input.file"]})}
        with file.open("rb") as opened:
            reply = await self._http.post(
                self._url,
                data=fields,
                files={"0": (file.name, opened)},
                headers={"GraphQL-Require-Preflight": "1"},
            )
        return _root(reply.json())

    async def subscribe(self, operation: str, **variables: Any) -> AsyncGenerator[Json, None]:
        """Yield the events of a subscription until the server completes it.

        Raises `RequestFailed` if the server reports an error.
        """
        frames = self._frames({"query": operation, "variables": variables})
        async with aclosing(frames):
            async for frame in frames:
                if frame["type"] == "next":
                    yield _root(frame["payload"])
                elif frame["type"] == "error":
                    raise RequestFailed(_messages(frame["payload"]))

    async def _frames(self, payload: Json) -> AsyncGenerator[Json, None]:
        address = self._url.replace("http", "ws", 1)
        protocol = Subprotocol("graphql-transport-ws")
        async with connect(address, subprotocols=[protocol], additional_headers=self._authorization) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": self._authorization}))
            async for message in socket:
                frame = cast(Json, json.loads(message))
                if frame["type"] == "connection_ack":
                    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
                elif frame["type"] == "ping":
                    await socket.send(json.dumps({"type": "pong"}))
                elif frame["type"] == "complete":
                    return
                else:
                    yield frame


def _root(reply: Json) -> Json:
    if reply.get("errors"):
        raise RequestFailed(_messages(reply["errors"]))
    (result,) = reply["data"].values()
    if result.get("code"):
        raise RequestFailed(result["message"])
    return cast(Json, result)


def _messages(errors: list[Json]) -> str:
    return "\n".join(error["message"] for error in errors)
