"""A thousand sockets that are cut off in the middle of their streams leave nothing behind."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from schema.common import global_ids
from tests.fakes.answers import start_answer
from tests.support.served_graph import ANSWER, DOCUMENTS, METRICS, Served, generators_alive, open_graph
from tests.transport.conftest import running
from tests.transport.sockets import Socket, open_socket

SOCKETS = 1000
SESSIONS = "subscription { sessionEvents { change session { name } } }"


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both ends of each socket are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    generators: int
    tasks: int
    descriptors: int
    watchers: int

    @staticmethod
    def now(served: Served) -> "Held":
        tasks = len(asyncio.all_tasks())
        return Held(generators_alive(), tasks, psutil.Process().num_fds(), served.watchers)


async def begin_streams(socket: Socket, answer: str) -> None:
    """Four streams, each of which has begun."""
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
    turns, sockets = asyncio.Semaphore(20), list[Socket]()
    async with AsyncExitStack() as stack:

        async def begin() -> None:
            async with turns:
                socket = await stack.enter_async_context(open_socket(address, ping_interval=None))
                await begin_streams(socket, answer)
                sockets.append(socket)

        async with asyncio.TaskGroup() as clients:
            for _ in range(count):
                clients.create_task(begin())
        yield sockets


@pytest.mark.usefixtures("many_files")
async def test_sockets_that_are_cut_off_in_the_middle_leave_nothing_behind(tmp_path: Path) -> None:
    async with open_graph(tmp_path) as served, running(served.app) as (server, address):
        served.answerer.go = asyncio.Event()
        answer = global_ids.MESSAGE.encode(await start_answer(served.answers))

        async def cut_off(count: int) -> int:
            async with open_sockets(address, count, answer) as sockets:
                watchers = served.watchers
                for number, socket in enumerate(sockets):
                    served.change_document(f"{number}.txt")  # on its way to each as the sockets break off
                    socket.connection.transport.abort()
            while server.server_state.connections or server.server_state.tasks:
                await asyncio.sleep(0.01)
            return watchers

        await cut_off(1)  # what is started once, such as the sampler's threads, is there before it is counted
        before = Held.now(served)
        assert await cut_off(SOCKETS) == 3 * SOCKETS
        assert Held.now(served) == before
        assert before.watchers == 0
        served.answerer.go.set()
