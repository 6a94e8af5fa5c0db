"""A real server process on a free port with a data folder of its own; a test can kill it like any other process."""

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
SERVER = str(ROOT / "server.py")


@dataclass
class Server:
    """A running server. `output` is the file of its log."""

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
        """Send SIGKILL, with the effect of a power failure on the process."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """Send SIGTERM and return the exit code. Raises `TimeoutError` after 30 seconds."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start_process(folder: Path, /, *program: str, **settings: str) -> Server:
    """Start a server without waiting for it. `program` are arguments of Python; the default is the server itself.

    `settings` are environment variables without their prefix. `folder` is the data folder, and the log is written there.
    """
    settings = {"port": str(free_port()), "data_dir": str(folder)} | settings
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"server-{free_port()}.log"
    environment = os.environ | {f"GRAPHLORE_{name.upper()}": value for name, value in settings.items()}
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(program or (SERVER,)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
    return Server(process, int(settings["port"]), output)


async def start_server(data_dir: Path, *program: str, **settings: str) -> Server:
    """Start a server and wait until it is healthy."""
    server = await start_process(data_dir, *program, **settings)
    await _until_healthy(server)
    return server


async def _until_healthy(server: Server) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(START_SECONDS * 10):
            if server.process.returncode is not None:
                raise AssertionError(f"the server ended during its start:\n{server.output.read_text()}")
            try:
                if (await client.get(f"{server.url}/health")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError(f"the server did not become healthy:\n{server.output.read_text()}")


@asynccontextmanager
async def running_server(data_dir: Path, **settings: str) -> AsyncIterator[Server]:
    """Start a server, and stop it when the block is left."""
    server = await start_server(data_dir, **settings)
    try:
        yield server
    finally:
        if server.process.returncode is None:
            await server.stop()
