"""A GraphQL server over stores in memory. Arguments: `graphlore` or `strawberry`, and a folder.

`graphlore` serves the schema through Graphlore's transport with all its guards, `strawberry` through Strawberry's
ASGI view. Both use the same schema and the same contexts.
"""

import asyncio
import gc
import json
import os
import sys
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import psutil
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp
from strawberry.asgi import GraphQL

from logs import configure_logs
from resolvers.request_context import Context
from schema.common import global_ids
from tests.fakes.answers import start_answer
from tests.support.reconnecting_client import NumberedWords
from tests.support.served_graph import Served, generators_alive, open_graph
from transport import WEBSOCKET_OPTIONS


class StrawberryView(GraphQL[Any, Any]):
    def __init__(self, served: Served) -> None:
        super().__init__(served.graph.schema)
        self._served = served

    async def get_context(self, request: object, response: object) -> Context:
        return replace(self._served.context)


class Requests:
    """Handles the requests of the benchmark. The field `method` of a request is the name of one of the methods below."""

    def __init__(self, served: Served, server: uvicorn.Server) -> None:
        self._served = served
        self._server = server
        self._words = NumberedWords()

    async def port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def resources(self) -> dict[str, float]:
        """Return the number of open resources, the CPU seconds and the resident bytes of the process."""
        process = psutil.Process()
        return {
            "generators": generators_alive(),
            "tasks": len(asyncio.all_tasks()),
            "descriptors": process.num_fds(),
            "connections": len(self._server.server_state.connections) + len(self._server.server_state.tasks),
            "subscriptions": self._served.watchers,
            "cpu_seconds": sum(process.cpu_times()[:2]),
            "resident_bytes": process.memory_info().rss,
        }

    async def start_answer(self, rest: float, burst: int = 1, words: float = inf) -> str:
        """Start an answer and return its id. It ends after `words` words, or when `finish_answer` is called."""
        self._words = NumberedWords(words)
        self._served.answerer.words = self._words
        self._served.answerer.rest, self._served.answerer.burst = rest, burst
        return global_ids.MESSAGE.encode(await start_answer(self._served.answers))

    async def finish_answer(self) -> None:
        self._words.is_finished = True


async def main(kind: str, folder: str) -> None:
    configure_logs("WARNING", as_json=False)  # a log line for each request would dominate the measurement
    async with open_graph(Path(folder)) as served:
        app: ASGIApp = served.app
        if kind == "strawberry":
            app = Starlette(routes=[Route("/graphql", StrawberryView(served))])
        quiet: dict[str, Any] = {"log_config": None, "log_level": "warning", "access_log": False}
        config = uvicorn.Config(app, port=0, lifespan="off", **quiet, **WEBSOCKET_OPTIONS)
        server = uvicorn.Server(config)
        gc.collect()
        gc.freeze()  # for both servers, as server.py does
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server._serve())
            while not server.started:
                await asyncio.sleep(0.01)
            await serve_requests(Requests(served, server))
            server.should_exit = True


async def serve_requests(requests: Requests) -> None:
    with os.fdopen(os.dup(1), "w") as replies:
        os.dup2(2, 1)
        while line := await asyncio.to_thread(sys.stdin.readline):
            fields = json.loads(line)
            replies.write(json.dumps(await getattr(requests, fields.pop("method"))(**fields)) + "\n")
            replies.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(main(*sys.argv[1:]))
