"""Serve the graph over stores in memory. Arguments: `ours` for our transport or `view` for Strawberry's own; a folder.

Both serve the same schema with the same contexts; ours with its guards around it, as it is always mounted.
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

from resolvers.request_context import Context
from schema.common import global_ids
from tests.fakes.answers import start_answer
from tests.support.reconnecting import Words
from tests.support.served_graph import Served, generators_alive, open_graph
from transport import WEBSOCKET_OPTIONS


class StrawberryView(GraphQL[Any, Any]):
    def __init__(self, served: Served) -> None:
        super().__init__(served.graph.schema)
        self._served = served

    async def get_context(self, request: object, response: object) -> Context:
        return replace(self._served.context)


class Program:
    """What can be asked of the process, by name."""

    def __init__(self, served: Served, server: uvicorn.Server) -> None:
        self._served = served
        self._server = server
        self._words = Words()

    async def port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def held(self) -> dict[str, float]:
        process = psutil.Process()
        return {
            "generators": generators_alive(),
            "tasks": len(asyncio.all_tasks()),
            "descriptors": process.num_fds(),
            "connections": len(self._server.server_state.connections) + len(self._server.server_state.tasks),
            "watchers": self._served.watchers,
            "cpu_seconds": sum(process.cpu_times()[:2]),
            "resident_bytes": process.memory_info().rss,
        }

    async def answer(self, rest: float, burst: int = 1, words: float = inf) -> str:
        """Begin an answer of so many words, or of as many as come until `enough`; its id."""
        self._words = Words(words)
        self._served.answerer.words = self._words
        self._served.answerer.rest, self._served.answerer.burst = rest, burst
        return global_ids.MESSAGE.encode(await start_answer(self._served.answers))

    async def enough(self) -> None:
        self._words.enough = True


async def main(kind: str, folder: str) -> None:
    async with open_graph(Path(folder)) as served:
        app: ASGIApp = served.app
        if kind == "view":
            app = Starlette(routes=[Route("/graphql", StrawberryView(served))])
        quiet: dict[str, Any] = {"log_config": None, "log_level": "warning", "access_log": False}
        config = uvicorn.Config(app, port=0, lifespan="off", **quiet, **WEBSOCKET_OPTIONS)
        server = uvicorn.Server(config)
        gc.collect()
        gc.freeze()  # for both, as our server does
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server._serve())
            while not server.started:
                await asyncio.sleep(0.01)
            await answer_questions(Program(served, server))
            server.should_exit = True


async def answer_questions(program: Program) -> None:
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        while line := await asyncio.to_thread(sys.stdin.readline):
            question = json.loads(line)
            answers.write(json.dumps(await getattr(program, question.pop("ask"))(**question)) + "\n")
            answers.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(main(*sys.argv[1:]))
