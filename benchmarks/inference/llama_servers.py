"""The servers of llama.cpp and of llama-cpp-python, each in its own process, through their OpenAI-compatible interface."""

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.inference.engine import Messages, Reply
from benchmarks.inference.llama_server_build import BaselineUnavailable, llama_server
from services.models.model_process import ENVIRONMENT
from tests.e2e.process import free_port

START_TIMEOUT_SECONDS = 120
TUNED = ("-b", "128", "-ub", "128")
"""Arguments for small batches. With them, a running answer waits less while a long prompt is prefilled."""
SERVER_PACKAGES = {"fastapi": "fastapi", "sse_starlette": "sse-starlette", "starlette_context": "starlette-context"}
"""Modules that llama_cpp.server needs in addition to Graphlore's dependencies, with the packages that contain them."""


class LlamaServer:
    """An engine that answers through a server with an OpenAI-compatible interface."""

    def __init__(self, name: str, url: str, process: psutil.Process) -> None:
        self.name = name
        self.process = process
        self._http = httpx.AsyncClient(base_url=url, timeout=600, limits=httpx.Limits(max_connections=None))

    async def ask(
        self, messages: Messages, tokens: int, conversation: str = "", *, reply: Reply | None = None
    ) -> Reply:
        """Stream the answer. It is incomplete if the stream ends without a finish reason.

        If the server does not report the number of tokens, each chunk with text counts as one token.
        """
        reply = reply or Reply()
        body = {
            "messages": [{"role": role, "content": text} for role, text in messages],
            "max_tokens": tokens, "temperature": 0, "stream": True,
        }  # fmt: skip
        reason = None
        async with self._http.stream("POST", "/v1/chat/completions", json=body) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    reason = self._apply(json.loads(line.removeprefix("data: ")), reply) or reason
        reply.is_complete = reason is not None
        return reply.end()

    def _apply(self, event: Any, reply: Reply) -> str | None:
        """Add the event to the reply and return the finish reason if this is the last event."""
        for choice in event.get("choices", ()):
            if text := choice["delta"].get("content"):
                reply.tokens += 1
                reply.arrive(text)
            if choice["finish_reason"] is not None:
                if timings := event.get("timings"):
                    reply.tokens, reply.cached_tokens = timings["predicted_n"], timings["cache_n"]
                    reply.prompt_tokens = timings["prompt_n"] + timings["cache_n"]
                return str(choice["finish_reason"])
        return None

    async def close(self) -> None:
        await self._http.aclose()

    async def wait_until_ready(self, path: str) -> None:
        for _ in range(START_TIMEOUT_SECONDS * 10):
            if not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE:
                raise BaselineUnavailable(f"{self.name} ended during its start")
            try:
                if (await self._http.get(path)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
        raise BaselineUnavailable(f"{self.name} was not ready after {START_TIMEOUT_SECONDS} seconds")


@asynccontextmanager
async def open_llama_server(
    model: Path, *, context: int, streams: int, threads: int, is_tuned: bool = False
) -> AsyncIterator[LlamaServer]:
    """Start llama.cpp's server with a unified KV cache, and with `TUNED` arguments if `is_tuned`.

    Raises `BaselineUnavailable` if it cannot be built or started.
    """
    port = free_port()
    command = (
        str(llama_server()), "-m", str(model), "-c", str(context), "-np", str(streams), "-kvu",
        "-t", str(threads), "--port", str(port), "--no-ui", *(TUNED if is_tuned else ()),
    )  # fmt: skip
    name = "llama.cpp's server" + (" tuned" if is_tuned else "")
    async with _open(name, port, "/health", command, ENVIRONMENT if is_tuned else {}) as server:
        yield server


@asynccontextmanager
async def open_both_servers(
    model: Path, *, context: int, streams: int, threads: int
) -> AsyncIterator[list[LlamaServer]]:
    """Start llama.cpp's server twice: with its defaults, and with `TUNED` arguments.

    Raises `BaselineUnavailable` if it cannot be built or started.
    """
    async with (
        open_llama_server(model, context=context, streams=streams, threads=threads) as default,
        open_llama_server(model, context=context, streams=streams, threads=threads, is_tuned=True) as tuned,
    ):
        yield [default, tuned]


@asynccontextmanager
async def open_llama_cpp_server(model: Path, *, context: int, threads: int) -> AsyncIterator[LlamaServer]:
    """Start the server of llama-cpp-python, which generates one answer after the other.

    It gets the same OpenMP settings as Graphlore, so that the comparison shows the effect of batching alone.
    Raises `BaselineUnavailable` if its packages are not installed or it cannot be started.
    """
    if missing := [package for module, package in SERVER_PACKAGES.items() if importlib.util.find_spec(module) is None]:
        raise BaselineUnavailable(f"llama_cpp.server needs {', '.join(missing)}, which `make bench` installs")
    port = free_port()
    command = (
        sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--n_ctx", str(context), "--port", str(port),
        "--n_threads", str(threads), "--n_threads_batch", str(threads), "--interrupt_requests", "False",
    )  # fmt: skip
    async with _open("llama_cpp.server", port, "/v1/models", command, ENVIRONMENT) as server:
        yield server


@asynccontextmanager
async def _open(
    name: str, port: int, path: str, command: Sequence[str], environment: Mapping[str, str]
) -> AsyncIterator[LlamaServer]:
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdin=silent, stdout=silent, stderr=silent, env={**os.environ, **environment}
    )
    server = LlamaServer(name, f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    try:
        await server.wait_until_ready(path)
        yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await server.close()
