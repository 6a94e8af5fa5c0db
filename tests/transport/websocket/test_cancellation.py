"""Operations are canceled with their client and send nothing afterwards; owned work is completed nevertheless."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from concurrency import OwnedTasks, open_owned_tasks, open_supervisor
from tests.transport.book_graph import create_book_app
from tests.transport.conftest import serving
from tests.transport.probe import Probe
from tests.transport.websocket.client import Socket, open_socket
from transport.execution.operations import TimeLimits


async def test_a_canceled_operation_sends_nothing_under_an_id_that_is_used_again(socket: Socket, probe: Probe) -> None:
    for _ in range(50):
        await socket.subscribe("same", "subscription { forever }")
        await socket.send({"type": "complete", "id": "same"})
        await socket.subscribe("same", "{ greeting }")
        while "greeting" not in (await socket.receive())["payload"]["data"]:
            pass
        assert await socket.receive() == {"type": "complete", "id": "same"}
    await probe.until_open_streams(0)


@pytest.mark.parametrize("how", ["complete", "close", "abort", "violation"])
async def test_a_mutation_is_canceled_with_its_client(address: str, probe: Probe, how: str) -> None:
    async with open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", "mutation { slowly }")
        await probe.until_open_streams(1)
        await end(socket, how)
        await probe.until_open_streams(0)
        assert probe.open_streams == 0


async def end(socket: Socket, how: str) -> None:
    """End the operation with the id `1`, or the socket itself, in the way that `how` names."""
    if how == "complete":
        await socket.send({"type": "complete", "id": "1"})
    elif how == "close":
        await socket.connection.close()
    elif how == "violation":
        await socket.send("not JSON")
    else:
        socket.connection.transport.abort()


@dataclass
class Eraser:
    """Work in two steps that must be completed once it has begun."""

    tasks: OwnedTasks
    begun: anyio.Event = field(default_factory=anyio.Event)
    proceed: anyio.Event = field(default_factory=anyio.Event)
    completed: anyio.Event = field(default_factory=anyio.Event)

    async def erase(self) -> str:
        return await self.tasks.complete(self._erase, "erase")

    async def _erase(self) -> str:
        self.begun.set()
        await self.proceed.wait()
        self.completed.set()
        return "erased"


@asynccontextmanager
async def open_eraser(probe: Probe) -> AsyncIterator[Eraser]:
    async with open_supervisor(lambda: None) as supervisor, open_owned_tasks(supervisor, "erasing") as tasks:
        eraser = Eraser(tasks)
        probe.erase = eraser.erase
        yield eraser


@pytest.mark.parametrize("how", ["complete", "close", "abort", "violation"])
async def test_owned_work_is_completed_after_its_socket_has_ended(incoming: Path, probe: Probe, how: str) -> None:
    app = create_book_app(incoming, probe)
    async with open_eraser(probe) as eraser, serving(app) as address, open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", "mutation { erase }")
        await eraser.begun.wait()
        await end(socket, how)
        eraser.proceed.set()
        await eraser.completed.wait()
        assert eraser.completed.is_set()


@pytest.mark.parametrize("transport", ["http", "websocket"])
async def test_owned_work_is_completed_after_the_time_limit_of_its_mutation(
    incoming: Path, probe: Probe, transport: str
) -> None:
    app = create_book_app(incoming, probe, times=TimeLimits(mutation=0.05))
    async with open_eraser(probe) as eraser:
        assert "exceeded its time limit" in await (erase_by_http(app) if transport == "http" else erase_by_socket(app))
        assert not eraser.completed.is_set()
        eraser.proceed.set()
        await eraser.completed.wait()


async def erase_by_http(app: Starlette) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return (await client.post("/graphql", json={"query": "mutation { erase }"})).text


async def erase_by_socket(app: Starlette) -> str:
    async with serving(app) as address, open_socket(address) as socket:
        await socket.initialise()
        await socket.subscribe("1", "mutation { erase }")
        return str(await socket.until_complete("1"))
