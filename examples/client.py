"""A GraphQL client in few lines: queries and uploads over HTTP, subscriptions over graphql-transport-ws."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self, cast

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

Json = dict[str, Any]


class Refused(Exception):
    """The server's answer was an error; its text is for people."""


class Client:
    """`url` is the server's, such as http://127.0.0.1:8000; `token` its access token, where it has one."""

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
        """The data of a query or mutation with one root field; raises `Refused` where that field is an error."""
        reply = await self._http.post(self._url, json={"query": operation, "variables": variables})
        return _root(reply.json())

    async def upload(self, operation: str, file: Path, **variables: Any) -> Json:
        """As `run`, with the file as `input.file`: the multipart request of GraphQL uploads."""
        given = variables.pop("input", {}) | {"file": None}
        operations = {"query": operation, "variables": variables | {"input": given}}
        fields = {"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.input.file"]})}
        with file.open("rb") as opened:
            reply = await self._http.post(
                self._url,
                data=fields,
                files={"0": (file.name, opened)},
                headers={"GraphQL-Require-Preflight": "1"},
            )
        return _root(reply.json())

    async def watch(self, operation: str, **variables: Any) -> AsyncGenerator[Json, None]:
        """The events of a subscription, until the server completes it."""
        frames = self._frames({"query": operation, "variables": variables})
        async with aclosing(frames):
            async for frame in frames:
                if frame["type"] == "next":
                    yield _root(frame["payload"])
                elif frame["type"] == "error":
                    raise Refused(_lines(frame["payload"]))

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
        raise Refused(_lines(reply["errors"]))
    (result,) = reply["data"].values()
    if result.get("code"):
        raise Refused(result["message"])
    return cast(Json, result)


def _lines(errors: list[Json]) -> str:
    return "\n".join(error["message"] for error in errors)
