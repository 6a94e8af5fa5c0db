"""I12: tokens a second of a chat through the real server, while documents are ingested on all cores and while nothing is."""

import asyncio
from pathlib import Path

import psutil

from benchmarks.chat import streamed
from benchmarks.figures import Figure, at_least
from benchmarks.inference.sides import cpu_seconds
from benchmarks.inference.texts import facts
from benchmarks.server import DELETE, import_text
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import wait_for_model

STATUS = "query ($id: ID!) { document(id: $id) { status chunkCount } }"
ROUNDS = 5
TOKENS = 256
TEXT_TOKENS = 300_000
"""Of a document: some minutes of embedding, so that it outlasts the chat beside it."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """In turns, and the best of each; the document is deleted when the chat is over, and its ingestion with it."""
    idle, busy, load = [], [], []
    async with running_server(folder / "data") as server, Client(server.url) as client:
        await wait_for_model(client)
        workers = psutil.Process(server.pid)
        await streamed(client, 16)
        for number in range(1 if quick else ROUNDS):
            idle.append(await streamed(client, 48 if quick else TOKENS))
            document = await _begin(client, number)
            before = _embedding_seconds(workers)
            began = asyncio.get_running_loop().time()
            busy.append(await streamed(client, 48 if quick else TOKENS))
            load.append((_embedding_seconds(workers) - before) / (asyncio.get_running_loop().time() - began))
            assert (await client.run(STATUS, id=document))["document"]["status"] not in ("READY", "FAILED")
            await client.run(DELETE, input={"id": document})
            await _until_quiet(workers)
    ratio = max(busy) / max(idle)
    what = "chat tokens/s while documents are ingested ÷ idle"
    return [at_least("I12", what, ratio, 0.90, busy=max(busy), idle=max(idle), cores_left_to_ingestion=max(load))]


async def _begin(client: Client, seed: int) -> str:
    """A document that is being embedded."""
    document = await import_text(client, facts(TEXT_TOKENS, seed), f"list-{seed}.txt")
    while (await client.run(STATUS, id=document))["document"]["status"] != "EMBEDDING":
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    return document


def _embedding_seconds(server: psutil.Process) -> float:
    """CPU time of the processes that embed, and of the one that parses."""
    children = [child for child in server.children() if "engines.inference" not in " ".join(child.cmdline())]
    return sum(cpu_seconds(child) for child in children)


async def _until_quiet(server: psutil.Process) -> None:
    """A batch that was being embedded is finished yet."""
    while True:
        before = _embedding_seconds(server)
        await asyncio.sleep(1)
        if _embedding_seconds(server) - before < 0.1:
            return
