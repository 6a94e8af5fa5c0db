"""Output of `python -m examples.ask` with a scripted server. `tests/e2e` runs it with the real server."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from examples.ask import ask
from examples.client import Client, RequestFailed

Json = dict[str, Any]
TOKEN = "a token of many characters"
CITATION = {"marker": 1, "documentName": "bolts.txt", "page": 3, "quote": "Bolt A,\n35 Nm", "used": True}
READY = {"name": "bolts.txt", "status": "READY", "progress": 1, "pageCount": 4, "chunkCount": 9, "error": None}


def script(**changes: list[Json]) -> dict[str, list[Json]]:
    """Return the results of each root field. Results of subscriptions are events; queries return the first one."""
    completed = {"__typename": "MessageCompleted", "message": {"citations": [CITATION, CITATION | {"used": False}]}}
    defaults: dict[str, list[Json]] = {
        "uploadDocument": [{"document": {"id": "d1", "name": "bolts.txt"}}],
        "documentEvents": [{"document": READY | {"status": "PARSING"}}, {"document": None}, {"document": READY}],
        "createSession": [{"session": {"id": "s1"}}],
        "sendMessage": [{"answer": {"id": "m1"}}],
        "messageEvents": [{"__typename": "TextDelta", "text": word} for word in ("Bolt A ", "[1].")] + [completed],
    }
    return defaults | changes


class FakeServer:
    def __init__(self, answers: dict[str, list[Json]]) -> None:
        self._answers = answers
        self.uploaded: bytes | None = None
        self.app = Starlette(
            routes=[Route("/graphql", self._post, methods=["POST"]), WebSocketRoute("/graphql", self._socket)]
        )

    def _find(self, operation: str) -> tuple[str, list[Json]]:
        return next((name, found) for name, found in self._answers.items() if name + "(" in operation)

    async def _post(self, request: Request) -> JSONResponse:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        if request.headers["content-type"].startswith("multipart/"):
            assert request.headers["graphql-require-preflight"]
            async with request.form() as form:
                body = json.loads(str(form["operations"]))
                file = form["0"]
                assert not isinstance(file, str)
                self.uploaded = await file.read()
        else:
            body = await request.json()
        name, found = self._find(body["query"])
        return JSONResponse({"data": {name: found[0]}})

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="graphql-transport-ws")
        assert (await socket.receive_json())["payload"]["Authorization"] == f"Bearer {TOKEN}"
        await socket.send_json({"type": "connection_ack"})
        frame = await socket.receive_json()
        name, found = self._find(frame["payload"]["query"])
        await socket.send_json({"type": "ping"})
        for event in found:
            await socket.send_json({"id": frame["id"], "type": "next", "payload": {"data": {name: event}}})
        await socket.send_json({"id": frame["id"], "type": "complete"})


@asynccontextmanager
async def serving(server: FakeServer) -> AsyncIterator[Client]:
    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(server.app, log_config=None, lifespan="off", ws="websockets-sansio"))
    async with asyncio.TaskGroup() as group:
        group.create_task(running.serve([listener]))
        async with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN) as client:
            yield client
        running.should_exit = True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bolts.txt"
    path.write_text("Bolt A, 35 Nm")
    return path


async def test_the_answer_is_printed_with_its_citations(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = FakeServer(script())
    async with serving(server) as client:
        await ask(client, "How tight is bolt A?", [file])
    assert server.uploaded == b"Bolt A, 35 Nm"
    assert capsys.readouterr().out == (
        "bolts.txt: 4 pages, 9 chunks\n\nBolt A [1].\n\n[1] bolts.txt, page 3\n    “Bolt A, 35 Nm”\n"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"uploadDocument": [{"code": "TOO_LARGE", "message": "in plain words"}]},
        {"documentEvents": [{"document": READY | {"status": "FAILED", "error": {"message": "in plain words"}}}]},
        {"sendMessage": [{"code": "MODEL_NOT_READY", "message": "in plain words"}]},
        {"messageEvents": [{"__typename": "MessageFailed", "error": {"message": "in plain words"}}]},
    ],
)
async def test_a_failure_raises_the_message_of_the_server(file: Path, changes: dict[str, list[Json]]) -> None:
    async with serving(FakeServer(script(**changes))) as client:
        with pytest.raises(RequestFailed, match="in plain words"):
            await ask(client, "How tight is bolt A?", [file])
