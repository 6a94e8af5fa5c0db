"""llama.cpp's own server, built once from the very sources that llama-cpp-python's package carries, with the same flags."""

import asyncio
import socket
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import orjson
import psutil

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "llama-server"
"""Ignored by git."""


async def find_server() -> Path:
    """The program; built where it is not there yet, which takes some ten minutes of processor time."""
    program = BUILD / "bin" / "llama-server"
    if not program.is_file():
        print("  building llama.cpp's server, once …", flush=True)
        await _build()
    return program


async def _build() -> None:
    name = f"llama-cpp-python=={version('llama-cpp-python')}"
    sources = BUILD / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    await _run(
        sys.executable,
        "-m",
        "pip",
        "download",
        name,
        "--no-binary",
        "llama-cpp-python",
        "--no-deps",
        "-d",
        str(sources),
    )
    with tarfile.open(next(sources.glob("*.tar.gz"))) as archive:
        archive.extractall(sources, filter="data")
    llama = next(sources.glob("*/vendor/llama.cpp"))
    off = [f"-D{option}=OFF" for option in ("LLAMA_CURL", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES")]
    await _run("cmake", "-S", str(llama), "-B", str(BUILD), "-DCMAKE_BUILD_TYPE=Release", *off)
    await _run("cmake", "--build", str(BUILD), "--target", "llama-server", "--parallel")


async def _run(*command: str) -> None:
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await child.wait():
        raise SystemExit(f"{command[0]} failed while llama.cpp's server was built; its output is above.")


class LlamaServer:
    """One that runs; chats by its own interface."""

    def __init__(self, url: str, pid: int) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=600)
        self.process = psutil.Process(pid)

    async def ask(self, messages: list[tuple[str, str]], tokens: int) -> tuple[int, list[float]]:
        """Tokens that were written, and when each piece of them arrived."""
        body = {
            "messages": [{"role": role, "content": text} for role, text in messages],
            "max_tokens": tokens, "temperature": 0, "stream": True, "stream_options": {"include_usage": True},
        }  # fmt: skip
        arrived, written = [], 0
        async with self._http.stream("POST", "/v1/chat/completions", json=body) as reply:
            reply.raise_for_status()
            async for line in reply.aiter_lines():
                if line.startswith("data: {"):
                    event: dict[str, Any] = orjson.loads(line[6:])
                    arrived += [perf_counter()] if any(c["delta"].get("content") for c in event["choices"]) else []
                    written = (event.get("usage") or {}).get("completion_tokens", written)
        return written, arrived

    async def ready(self) -> None:
        while True:
            try:
                if (await self._http.get("/health")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def open_llama_server(model: Path, *options: str) -> AsyncIterator[LlamaServer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        str(await find_server()), "-m", str(model), "--host", "127.0.0.1", "--port", str(port), *options,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    server = LlamaServer(f"http://127.0.0.1:{port}", process.pid)
    try:
        await server.ready()
        yield server
    finally:
        await server.close()
        process.kill()
        await process.wait()
