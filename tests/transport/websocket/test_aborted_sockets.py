"""Hundreds of sockets that are aborted during their streams leave nothing behind."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import psutil
import pytest

from schema.common import global_ids
from tests.fakes.answers import start_answer
from tests.support.served_graph import ANSWER, DOCUMENTS, METRICS, Served, generators_alive, open_graph
from tests.transport.conftest import running_server
from tests.transport.websocket.client import Socket, open_socket

SOCKETS = 300
SESSIONS = "subscription { sessionEvents { change session { name } } }"


@pytest.fixture
def many_files() -> Iterator[None]:
    """Raise the limit of open files, because both ends of each socket are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@dataclass(frozen=True)
class Resources:
    """Counts of the resources that this process has in use."""

    generators: int
    tasks: int
    descriptors: int
    watchers: int

    @staticmethod
    def now(served: Served) -> "Resources":
        tasks = len(asyncio.all_tasks())
        return Resources(generators_alive(), tasks, psutil.Process().num_fds(), served.watchers)

    @staticmethod
    async def settled(served: Served) -> "Resources":
        """Return the counts when ten in a row were equal: a thread may still read the last sample of the metrics."""
        last, equal = Resources.now(served), 1
        with anyio.fail_after(30):
            while equal < 10:
                await anyio.sleep(0.02)
                now = Resources.now(served)
                last, equal = now, equal + 1 if now == last else 1
        return last


async def begin_streams(socket: Socket, answer: str) -> None:
    """Start four streams and wait until each has sent an event."""
    await socket.initialise()
    await socket.subscribe("metrics", METRICS)
    await socket.subscribe("documents", DOCUMENTS)
    await socket.subscribe("sessions", SESSIONS)
    await socket.subscribe("answer", ANSWER, id=answer)
    begun = set[str]()
    while len(begun) < 4:
        begun.add((await socket.receive())["id"])


@asynccontextmanager
async def open_sockets(address: str, count: int, answer: str) -> AsyncIterator[list[Socket]]:
    limiter, sockets = asyncio.Semaphore(20), list[Socket]()
    async with AsyncExitStack() as stack:

        async def begin() -> None:
            async with limiter:
                socket = await stack.enter_async_context(open_socket(address, ping_interval=None))
                await begin_streams(socket, answer)
                sockets.append(socket)

        async with asyncio.TaskGroup() as clients:
            for _ in range(count):
                clients.create_task(begin())
        yield sockets


@pytest.mark.usefixtures("many_files")
async def test_aborted_sockets_leave_nothing_behind(tmp_path: Path) -> None:
    async with open_graph(tmp_path) as served, running_server(served.app, ws_ping_interval=None) as (server, address):
        served.answerer.go = asyncio.Event()
        answer = global_ids.MESSAGE.encode(await start_answer(served.answers))

        async def abort_sockets(count: int) -> int:
            async with open_sockets(address, count, answer) as sockets:
                watchers = served.watchers
                for number, socket in enumerate(sockets):
                    served.change_document(f"{number}.txt")  # is being sent while the sockets are aborted
                    socket.connection.transport.abort()
            while server.server_state.connections or server.server_state.tasks:
                await asyncio.sleep(0.01)
            return watchers

        await abort_sockets(1)  # the first use starts threads that stay, such as the sampler's
        before = await Resources.settled(served)
        assert await abort_sockets(SOCKETS) == 3 * SOCKETS
        assert await Resources.settled(served) == before
        assert before.watchers == 0
        served.answerer.go.set()
