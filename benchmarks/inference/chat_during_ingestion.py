"""I12: tokens per second of a chat while a document is ingested on all cores, relative to an idle server."""

import asyncio
from pathlib import Path

import psutil

from benchmarks.figures import Figure, at_least
from benchmarks.inference.conversations import facts
from benchmarks.inference.engine import cpu_seconds
from benchmarks.server_operations import DELETE, import_text
from benchmarks.serving.streamed_chat import tokens_per_second
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import wait_for_model

STATUS = "query ($id: ID!) { document(id: $id) { status chunkCount } }"
ROUNDS = 5
TOKENS = 256
TEXT_TOKENS = 300_000
"""Length of a document in tokens. Embedding it takes minutes, longer than the chat that is measured meanwhile."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Measure the chat with and without an ingestion in turns, and compare the best rounds.

    After each chat the ingested document is deleted.
    """
    idle, busy, load = [], [], []
    async with running_server(folder / "data") as server, Client(server.url) as client:
        await wait_for_model(client)
        process = psutil.Process(server.pid)
        await tokens_per_second(client, 16)
        for number in range(1 if quick else ROUNDS):
            idle.append(await tokens_per_second(client, 48 if quick else TOKENS))
            document = await _start_ingestion(client, number)
            before = _embedding_seconds(process)
            began = asyncio.get_running_loop().time()
            busy.append(await tokens_per_second(client, 48 if quick else TOKENS))
            load.append((_embedding_seconds(process) - before) / (asyncio.get_running_loop().time() - began))
            assert (await client.run(STATUS, id=document))["document"]["status"] not in ("READY", "FAILED")
            await client.run(DELETE, input={"id": document})
            await _wait_until_quiet(process)
    ratio = max(busy) / max(idle)
    description = "chat tokens/s while documents are ingested ÷ idle"
    return [
        at_least("I12", description, ratio, 0.90, busy=max(busy), idle=max(idle), cores_left_to_ingestion=max(load))
    ]


async def _start_ingestion(client: Client, seed: int) -> str:
    """Import a document, wait until it is being embedded, and return its id."""
    document = await import_text(client, facts(TEXT_TOKENS, seed), f"list-{seed}.txt")
    while (await client.run(STATUS, id=document))["document"]["status"] != "EMBEDDING":
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    return document


def _embedding_seconds(server: psutil.Process) -> float:
    """Return the CPU seconds of all child processes except the inference worker."""
    children = [child for child in server.children() if "engines.inference" not in " ".join(child.cmdline())]
    return sum(cpu_seconds(child) for child in children)


async def _wait_until_quiet(server: psutil.Process) -> None:
    """Wait until the embedding worker has finished its last batch."""
    while True:
        before = _embedding_seconds(server)
        await asyncio.sleep(1)
        if _embedding_seconds(server) - before < 0.1:
            return
