"""The other sides: llama.cpp's own server, and llama-cpp-python's, each in a process, over OpenAI's interface."""

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

from benchmarks.inference.building import OpponentMissing, llama_server
from benchmarks.inference.sides import Messages, Reply
from services.models.model_process import ENVIRONMENT
from tests.e2e.process import free_port

START_SECONDS = 120
TUNED = ("-b", "128", "-ub", "128")
"""Small batches: a running answer then waits less for a long prompt. Threads that wait do so as ours, too."""
SERVER_PACKAGES = {"fastapi": "fastapi", "sse_starlette": "sse-starlette", "starlette_context": "starlette-context"}
"""What llama_cpp.server imports beside what Graphlore has: modules, and the packages that bring them."""


class Opponent:
    def __init__(self, name: str, url: str, process: psutil.Process) -> None:
        self.name = name
        self.process = process
        self._http = httpx.AsyncClient(base_url=url, timeout=600, limits=httpx.Limits(max_connections=None))

    async def ask(
        self, messages: Messages, tokens: int, conversation: str = "", *, shown: Reply | None = None
    ) -> Reply:
        """An answer that the server breaks off is not whole. A chunk with text is a token where it does not say more."""
        reply = shown or Reply()
        body = {
            "messages": [{"role": role, "content": text} for role, text in messages],
            "max_tokens": tokens, "temperature": 0, "stream": True,
        }  # fmt: skip
        reason = None
        async with self._http.stream("POST", "/v1/chat/completions", json=body) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    reason = self._take(json.loads(line.removeprefix("data: ")), reply) or reason
        reply.is_whole = reason is not None
        return reply.end()

    def _take(self, event: Any, reply: Reply) -> str | None:
        """The finish reason, where this is the end."""
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

    async def until_ready(self, path: str) -> None:
        for _ in range(START_SECONDS * 10):
            if not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE:
                raise OpponentMissing(f"{self.name} ended while it started")
            try:
                if (await self._http.get(path)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
        raise OpponentMissing(f"{self.name} did not come up")


@asynccontextmanager
async def open_llama_server(
    model: Path, *, context: int, streams: int, threads: int, is_tuned: bool = False
) -> AsyncIterator[Opponent]:
    """One cache for all streams, as ours; everything else as it comes, or tuned. Raises `OpponentMissing`."""
    port = free_port()
    command = (
        str(llama_server()), "-m", str(model), "-c", str(context), "-np", str(streams), "-kvu",
        "-t", str(threads), "--port", str(port), "--no-ui", *(TUNED if is_tuned else ()),
    )  # fmt: skip
    name = "llama.cpp's server" + (" tuned" if is_tuned else "")
    async with _open(name, port, "/health", command, ENVIRONMENT if is_tuned else {}) as opponent:
        yield opponent


@asynccontextmanager
async def open_both(model: Path, *, context: int, streams: int, threads: int) -> AsyncIterator[list[Opponent]]:
    """The same server as it comes, and tuned. Raises `OpponentMissing`."""
    async with (
        open_llama_server(model, context=context, streams=streams, threads=threads) as default,
        open_llama_server(model, context=context, streams=streams, threads=threads, is_tuned=True) as tuned,
    ):
        yield [default, tuned]


@asynccontextmanager
async def open_llama_cpp_server(model: Path, *, context: int, threads: int) -> AsyncIterator[Opponent]:
    """Serial: a second answer waits for the first, as it is told not to break that off. Raises `OpponentMissing`.

    Its threads wait for each other as ours do: it is held against for answering one by one, not for spinning.
    """
    if lacking := [package for module, package in SERVER_PACKAGES.items() if importlib.util.find_spec(module) is None]:
        raise OpponentMissing(f"llama_cpp.server needs {', '.join(lacking)}, which `make bench` installs")
    port = free_port()
    command = (
        sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--n_ctx", str(context), "--port", str(port),
        "--n_threads", str(threads), "--n_threads_batch", str(threads), "--interrupt_requests", "False",
    )  # fmt: skip
    async with _open("llama_cpp.server", port, "/v1/models", command, ENVIRONMENT) as opponent:
        yield opponent


@asynccontextmanager
async def _open(
    name: str, port: int, path: str, command: Sequence[str], environment: Mapping[str, str]
) -> AsyncIterator[Opponent]:
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdin=silent, stdout=silent, stderr=silent, env={**os.environ, **environment}
    )
    opponent = Opponent(name, f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    try:
        await opponent.until_ready(path)
        yield opponent
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await opponent.close()
