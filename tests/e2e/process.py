"""A real server process on a free port with a data folder of its own; it can be killed like any other."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.paths import ROOT

START_SECONDS = 60


@dataclass
class Server:
    """A running server. `output` is the file that its log goes to."""

    process: asyncio.subprocess.Process
    port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    async def kill(self) -> None:
        """`kill -9`, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start_server(data_dir: Path, **settings: str) -> Server:
    port = free_port()
    data_dir.mkdir(parents=True, exist_ok=True)
    output = data_dir / f"server-{port}.log"
    environment = os.environ | {f"GRAPHLORE_{name.upper()}": value for name, value in settings.items()}
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "server.py"),
            "--port",
            str(port),
            "--data-dir",
            str(data_dir),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    server = Server(process, port, output)
    await _until_healthy(server)
    return server


async def _until_healthy(server: Server) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(START_SECONDS * 10):
            if server.process.returncode is not None:
                raise AssertionError(f"the server ended at once:\n{server.output.read_text()}")
            try:
                if (await client.get(f"{server.url}/health")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError(f"the server did not come up:\n{server.output.read_text()}")


@asynccontextmanager
async def running_server(data_dir: Path, **settings: str) -> AsyncIterator[Server]:
    server = await start_server(data_dir, **settings)
    try:
        yield server
    finally:
        if server.process.returncode is None:
            await server.stop()
